"""Notes, checkpoints, proofs and policies: the vectors of their specifications, and Go's reference packages."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from go_reference import asked, b64
from hypothesis import given, settings
from hypothesis import strategies as st

from drcheck.core.proof import merkle
from drcheck.core.proof.checkpoint_text import Checkpoint, Extension, Inclusion, checkpoint_of
from drcheck.core.proof.notes import COSIGNATURE, Forged, NotANote, Note, SigningKey, VerifierKey, signed, signers
from drcheck.core.proof.trust import Trust

# of c2sp.org/signed-note
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """\
This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
VERSE = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
# of golang.org/x/mod/sumdb/note
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
# of c2sp.org/tlog-cosignature
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
COSIGNED = f"""{SOFA}
— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
KEY = SigningKey("log.example/drcheck", bytes(range(32)))
OTHER = SigningKey("log.example/drcheck", bytes(range(1, 33)))
WITNESS = SigningKey("witness.example/w1", bytes(range(2, 34)), COSIGNATURE)
W2, W3 = (SigningKey(f"witness.example/w{n}", bytes(range(n, n + 32)), COSIGNATURE) for n in (3, 4))


def leaves(count):
    return [merkle.leaf_hash(b"entry %d" % number) for number in range(count)]


def nodes_of(hashes):
    return lambda level, index: merkle.folded(hashes[index << level : (index + 1) << level])


def checkpoint(count):
    return Checkpoint("log.example/drcheck", count, merkle.folded(leaves(count)))


def test_the_note_of_the_specification_is_verified_by_its_key():
    key = VerifierKey.read(VKEY)
    assert [one.key for one in signers(Note.read(NOTE), [key])] == [key]
    assert key.text == VKEY
    assert not signers(Note.read(VERSE), [key])
    assert Note.read(VERSE).text.endswith("\n\ned è subito sera.\n")


def test_what_go_signs_is_signed_here_byte_for_byte():
    key = SigningKey.read(GO_SKEY)
    assert (key.text, key.key.text) == (GO_SKEY, GO_VKEY)
    assert signed(GO_TEXT, [key]) == GO_NOTE
    assert signers(Note.read(GO_NOTE), [VerifierKey.read(GO_VKEY)])


def test_the_checkpoint_of_the_specification_is_read():
    note = Note.read(COSIGNED)
    found = Checkpoint.read(note.text)
    assert (found.origin, found.size, found.text) == ("example.com/behind-the-sofa", 20852163, SOFA)
    witness = note.signatures[1]
    assert (witness.name, witness.id.hex(), len(witness.data)) == ("witness.example.com/w1", "8d66cf3f", 72)
    assert int.from_bytes(witness.data[:8], "big") == 1679315147


def test_a_cosignature_is_over_the_message_of_the_specification():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    note = Note.read(f"{SOFA}\n{WITNESS.line(SOFA, 1679315147)}")
    (signature,) = note.signatures
    message = f"cosignature/v1\ntime 1679315147\n{SOFA}".encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.key.public).verify(signature.data[8:], message)
    assert [(one.key, one.at) for one in signers(note, [WITNESS.key])] == [(WITNESS.key, 1679315147)]
    assert WITNESS.key.id != VerifierKey(WITNESS.key.name, 1, WITNESS.key.public).id


def test_gos_reference_signs_alike_and_verifies_what_is_signed_here():
    text = checkpoint(5).text
    note = signed(text, [KEY])
    answers = asked(
        {"note": note, "vkey": KEY.key.text},
        {"note": note, "vkey": OTHER.key.text},
        {"note": note.replace("\n5\n", "\n6\n"), "vkey": KEY.key.text},
        {"skey": KEY.text, "text": text},
    )
    assert [one[:3] for one in answers] == ["ok:", "no:", "no:", "ok:"]
    assert json.loads(answers[3].removeprefix("ok: ")) == note


def test_gos_reference_verifies_every_proof_and_no_other():
    questions, expected = [], []
    for size in range(1, 20):
        hashes = leaves(size)
        node, root = nodes_of(hashes), b64(merkle.folded(hashes))
        for index in range(size):
            proof = [b64(one) for one in merkle.inclusion(index, size, node)]
            asks = {"size": size, "root": root, "index": index, "leaf": b64(hashes[index]), "hashes": proof}
            questions += [asks, asks | {"leaf": b64(bytes(32))}]
            expected += ["ok:", "no:"]
        for old in range(1, size + 1):
            proof = [b64(one) for one in merkle.consistency(old, size, node)]
            before = b64(merkle.folded(hashes[:old]))
            asks = {"size": size, "root": root, "old": old, "oldRoot": before, "hashes": proof}
            questions += [asks, asks | {"oldRoot": b64(bytes(32))}]
            expected += ["ok:", "no:"]
    assert [one[:3] for one in asked(*questions)] == expected


def test_a_signature_of_a_known_key_that_is_not_its_own_makes_the_note_worthless():
    note = signed("a\n", [KEY])
    with pytest.raises(Forged, match=r"log\.example/drcheck is not of its key"):
        signers(Note.read(note.replace("a\n", "b\n", 1)), [KEY.key])
    assert signers(Note.read(note.replace("a\n", "b\n", 1)), [OTHER.key]) == []


def test_a_signature_of_a_key_of_the_same_name_is_passed_over():
    note = Note.read(signed("a\n", [OTHER, KEY]))
    assert [one.key for one in signers(note, [KEY.key])] == [KEY.key]


@pytest.mark.parametrize("place", range(len(signed("a\n", [KEY]).encode())))
def test_each_flip_of_a_note_is_found_or_makes_its_signature_unknown(place):
    data = bytearray(signed("a\n", [KEY]).encode())
    data[place] ^= 1
    try:
        found = signers(Note.read(bytes(data)), [KEY.key])
    except (NotANote, Forged):
        return
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\n\n",
        "a\n\nb\n",
        "a\n\n— name\n",
        "a\n\n— name AAAA\n",
        "a\n\n—  AAAAAAAA\n",
        "a\n\n— na+me AAAAAAAA\n",
        "a\n\n— na\u2003me AAAAAAAA\n",
        "a\n\n— name AAAAAAAB=\n",
        "a\n\n— name AAAAAAB=\n",
        "a\n\n— name AAAAAAAA",
        "a\r\n\n— name AAAAAAAA\n",
        "a\t\n\n— name AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAAA\n",
        "a\n\n" + "— name AAAAAAAA\n" * 101,
        "a" * (1 << 20) + "\n\n— name AAAAAAAA\n",
    ],
)
def test_what_is_no_note_is_refused(text):
    with pytest.raises(NotANote):
        Note.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\n" + b64(bytes(32)),
        "a\n-1\n" + b64(bytes(32)),
        "a\n1\n" + b64(bytes(31)),
        "\n1\n" + b64(bytes(32)),
        "a\n9223372036854775808\n" + b64(bytes(32)),
        "a\n1\n" + b64(bytes(32)) + "\n\nb",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(NotANote):
        Checkpoint.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        VKEY[:-1],
        VKEY.replace("530d", "530e"),
        VKEY.replace("foo", "bar"),
        "a+b",
        "+00000000+AQ==",
        "a+00000000+",
        f"a b+{VKEY.partition('+')[2]}",
    ],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(NotANote):
        VerifierKey.read(text)


def test_a_private_key_that_is_not_whole_is_refused_without_being_shown():
    for cut in range(len(GO_SKEY)):
        with pytest.raises(NotANote) as told:
            SigningKey.read(GO_SKEY[:cut])
        assert "AYEKFALV" not in str(told.value)
    assert "AYEKFALV" not in repr(SigningKey.read(GO_SKEY))


def test_a_proof_is_written_as_the_specification_has_it_and_read_again():
    hashes = leaves(7)
    note = signed(checkpoint(7).text, [KEY])
    proof = Inclusion(3, tuple(merkle.inclusion(3, 7, nodes_of(hashes))), note, b"entry 3")
    first, extra, index, *rest = proof.text.split("\n")
    assert (first, extra, index) == ("c2sp.org/tlog-proof@v1", f"extra {b64(b'entry 3')}", "index 3")
    assert rest[:4] == [*(b64(one) for one in proof.hashes), ""]
    assert proof.text.endswith(f"\n\n{note}")
    assert Inclusion.read(proof.text) == proof
    alone = Inclusion(0, (), note)
    assert Inclusion.read(alone.text) == alone


def test_a_proof_of_growth_is_written_as_witnesses_take_it_and_read_again():
    note = signed(checkpoint(7).text, [KEY])
    proof = Extension(3, tuple(merkle.consistency(3, 7, nodes_of(leaves(7)))), note)
    assert proof.text.startswith("old 3\n")
    assert Extension.read(proof.text) == proof
    assert checkpoint_of(note) == checkpoint(7)


@settings(max_examples=300)
@given(st.one_of(st.text(), st.binary().map(lambda data: data.decode("utf-8", "replace")), st.text("old 1\nindex=A—+")))
def test_nothing_that_is_read_raises_anything_else(text):
    heads = ("", "c2sp.org/tlog-proof@v1\n", "old ", "log ", "witness a ", "group g ", "a\n\n— ")
    for form in (
        Note.read,
        Checkpoint.read,
        Inclusion.read,
        Extension.read,
        Trust.read,
        VerifierKey.read,
        SigningKey.read,
    ):
        for head in heads:
            with suppress(NotANote):
                form(head + text)


POLICY = f"""\
# two of three witnesses
log {KEY.key.text} https://log.example/
\twitness  A {WITNESS.key.text}
witness B {W2.key.text} https://witness.example/
witness C {W3.key.text}
group two 2 A B C

quorum two
"""


def test_a_policy_asks_for_the_log_and_a_quorum_of_witnesses():
    trust = Trust.read(POLICY)
    assert Trust.read(trust.text) == trust
    text = checkpoint(4).text

    def is_satisfied(*keys):
        note = Note.read(f"{text}\n{''.join(key.line(text, 1) for key in keys)}")
        return trust.is_satisfied(trust.signers(note))

    assert is_satisfied(KEY, WITNESS, W2)
    assert not is_satisfied(KEY, WITNESS)
    assert not is_satisfied(KEY, WITNESS, WITNESS)
    assert not is_satisfied(WITNESS, W2, W3)
    assert not is_satisfied(OTHER, WITNESS, W2, W3)


@pytest.mark.parametrize(
    ("group", "members", "enough"), [("any", "A B", 1), ("all", "A B", 2), ("1", "A B", 1), ("2", "A B", 2)]
)
def test_a_group_asks_for_so_many_of_its_members(group, members, enough):
    trust = Trust.read(POLICY.replace("group two 2 A B C", f"group two {group} {members}"))
    assert trust.groups["two"].at_least == enough


def test_a_key_alone_is_the_policy_that_asks_for_no_witness():
    trust = Trust.read(f"{VKEY}\n")
    assert trust.text == f"log {VKEY}\nquorum none\n"
    assert Trust.read(trust.text) == trust


def test_a_log_is_not_believed_under_another_origin():
    text = checkpoint(4)._replace(origin="log.example/another").text
    trust = Trust.of(KEY.key)
    assert trust.signers(Note.read(signed(text, [KEY]))) == []


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("quorum two", ""),
        ("quorum two", "quorum two\nquorum none"),
        ("quorum two", "quorum three"),
        ("group two 2 A B C", "quorum none\ngroup two 2 A B C D"),
        ("group two 2 A B C", "group two 4 A B C"),
        ("group two 2 A B C", "group two 0 A B C"),
        ("group two 2 A B C", "group two 2 A A B"),
        ("group two 2 A B C", "group one any A\ngroup two 2 A B C"),
        ("group two 2 A B C", "group two any"),
        ("group two 2 A B C", "group A any B\ngroup two any C"),
        ("group two 2 A B C", "group none any B\ngroup two any C"),
        ("group two 2 A B C", "group two 2 A none"),
        ("witness C", "witness B"),
        (W3.key.text, W2.key.text),
        (W3.key.text, KEY.key.text),
        (f"log {KEY.key.text}", f"log {WITNESS.key.text}"),
        ("https://log.example/", "https://log.example/ more"),
        ("# two", "# \x01"),
        ("quorum two", "quorums two"),
    ],
)
def test_what_is_no_policy_is_refused(line, other):
    with pytest.raises(NotANote):
        Trust.read(POLICY.replace(line, other, 1))


def test_the_order_of_logs_and_witnesses_says_nothing():
    lines = POLICY.splitlines(keepends=True)
    assert Trust.read("".join([lines[0], *lines[2:], lines[1]])) == Trust.read(POLICY)
