// Verifies what drcheck proves, by the reference packages of Go's checksum database. One JSON object a line comes in, and
// one line goes out for each: "ok" with what the note says, or why not.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Note, Vkey, Skey, Text string
	Size, Old, Index       int64
	Root, OldRoot, Leaf    string
	Hashes                 []string
}

func hash(text string) (made tlog.Hash) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) != len(made) {
		panic("no hash: " + text)
	}
	copy(made[:], data)
	return
}

func answer(asked question) (string, error) {
	var hashes []tlog.Hash
	for _, one := range asked.Hashes {
		hashes = append(hashes, hash(one))
	}
	switch {
	case asked.Skey != "":
		signer, err := note.NewSigner(asked.Skey)
		if err != nil {
			return "", err
		}
		made, err := note.Sign(&note.Note{Text: asked.Text}, signer)
		return string(made), err
	case asked.Note != "":
		verifier, err := note.NewVerifier(asked.Vkey)
		if err != nil {
			return "", err
		}
		opened, err := note.Open([]byte(asked.Note), note.VerifierList(verifier))
		if err != nil {
			return "", err
		}
		return opened.Text, nil
	case asked.Old != 0:
		return "", tlog.CheckTree(hashes, asked.Size, hash(asked.Root), asked.Old, hash(asked.OldRoot))
	default:
		return "", tlog.CheckRecord(hashes, asked.Size, hash(asked.Root), asked.Index, hash(asked.Leaf))
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		text, err := answer(asked)
		if err != nil {
			fmt.Println("no: " + strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			told, _ := json.Marshal(text)
			fmt.Println("ok: " + string(told))
		}
	}
}
