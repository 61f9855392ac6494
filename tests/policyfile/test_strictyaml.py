"""YAML that reads the same to everybody, and everything else refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from drcheck.policyfile import strictyaml
from drcheck.policyfile.yaml_nodes import Items, MappingNode, Scalar


def told(text):
    root, problems = strictyaml.parse(text if isinstance(text, bytes) else text.encode(), "f")
    return root, [str(problem) for problem in problems]


def plain(node):
    if isinstance(node, MappingNode):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    return [plain(item) for item in node.items] if isinstance(node, Items) else node.text


def test_scalars_stay_the_text_that_was_written():
    root, problems = told(
        "a: 22:30\nb: no\nc: 010\nd: 2026-01-01\ne: ~\nf: 1e3\ng: \"x\"\nh: 'y'\ni: |\n  two\n  lines\nj:\n"
    )
    assert not problems
    assert plain(root) == {
        "a": "22:30", "b": "no", "c": "010", "d": "2026-01-01", "e": "~", "f": "1e3", "g": "x", "h": "y",
        "i": "two\nlines\n", "j": "",
    }  # fmt: skip


def test_whether_a_scalar_stood_in_quotes_is_known():
    root, _ = told("[a, 'b', \"c\"]")
    assert [item.plain for item in root.items] == [True, False, False]


def test_every_key_and_value_has_its_line_and_column():
    root, _ = told("a:\n  b: [1,  xx]\n")
    inner = root.entries["a"].value
    assert root.entries["a"].key == ("f", 1, 1)
    assert inner.entries["b"].key == ("f", 2, 3)
    assert inner.entries["b"].value.items[1].mark == ("f", 2, 11)


def test_a_byte_order_mark_shifts_no_column():
    root, problems = told(b"\xef\xbb\xbfa: 1\n")
    assert not problems
    assert root.entries["a"].value.mark == ("f", 1, 4)


def test_windows_line_ends_are_line_ends():
    root, problems = told("a: 1\r\nb: 2\r\n")
    assert not problems
    assert root.entries["b"].key == ("f", 2, 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: &x 1\n", "f:1:4: &x is an anchor (write the value out, or use a template with extends)"),
        ("a: *x\n", "f:1:4: *x is an alias (write the value out, or use a template with extends)"),
        ("a: !!int 1\n", "f:1:4: !!int is a tag (remove it: the schema says what type a value has)"),
        ("a: !x {}\n", "f:1:4: !x is a tag (remove it: the schema says what type a value has)"),
        ("a: !!python/object/apply:os.system [x]\n", "f:1:4: !!python/object/apply:os.system is a tag (remove it: the schema says what type a value has)"),
        ("<<: {a: 1}\n", "f:1:1: << merges mappings (use a template with extends)"),
        ("a: 1\nb: 2\na: 3\n", "f:3:1: a stands twice, first in line 1 (keep one of them)"),
        ("a: {b: 1, b: 2}\n", "f:1:11: b stands twice, first in line 1 (keep one of them)"),
        ("? [a]\n: 1\n", "f:1:3: a key must be plain text (not a list or a mapping)"),
        ("a: 1\n---\nb: 1\n", "f:2:1: a second document starts here (one file holds one document: remove the ---)"),
        ("a: 1\nb: \x07\n", "f:2:4: the character U+0007 cannot be seen when read (remove it)"),
        ("a: x\u202ey\n", "f:1:5: the character U+202E cannot be seen when read (remove it)"),
        ("a: x\x85y\n", "f:1:5: the character U+0085 cannot be seen when read (remove it)"),
        ("a: x\ry\n", "f:1:5: the character U+000D cannot be seen when read (remove it)"),
        ('a: "x\\0y"\n', "f:1:4: the character U+0000 cannot be seen when read (remove it)"),
        ('a: "\\u202e"\n', "f:1:4: the character U+202E cannot be seen when read (remove it)"),
        (b"a: \xe5\n", "f:1:4: this is not UTF-8 (save the file as UTF-8 text)"),
        ("a: 1\nå: ".encode() + b"\xff", "f:2:4: this is not UTF-8 (save the file as UTF-8 text)"),
        ("a: 1\n".encode("utf-16"), "f:1:1: this is not UTF-8 (save the file as UTF-8 text)"),
        (b"\x7fELF\x02\x01", "f:1:1: the character U+007F cannot be seen when read (remove it)"),
    ],
)  # fmt: skip
def test_what_reads_differently_to_others_is_refused(text, fault):
    assert told(text)[1] == [fault]


def test_faults_do_not_hide_one_another():
    _, problems = told("a: &x 1\na: *x\nb: !t 3\nb: 4\n")
    assert [problem.split(": ")[0] for problem in problems] == ["f:1:4", "f:2:4", "f:2:1", "f:3:4", "f:4:1"]


def test_bytes_that_are_no_yaml_tell_where_and_why():
    (unclosed,) = told("a: 'x\n")[1]  # the reason in it is the parser's own, and differs from release to release
    assert unclosed.startswith("f:2:1: this is not YAML: ")
    assert unclosed.endswith(" (check quotes, brackets and indentation just before)")
    assert told("a: b: c\n")[1] == [
        (
            "f:1:5: this is not YAML: a second colon, or an indentation that does not fit "
            "(put the value in quotes, or align the key)"
        )
    ]
    assert told("a:\n\tb: c\n")[1] == ["f:2:1: this is not YAML: a tab (indent with spaces)"]


def test_a_billion_laughs_is_refused_before_it_is_expanded():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    _, problems = told(bomb)
    assert len(problems) == 25 + 48


def test_twenty_levels_are_read_and_twenty_one_are_not():
    assert not told("[" * 20 + "x" + "]" * 20)[1]
    assert told("[" * 21 + "x" + "]" * 21)[1] == ["f:1:21: nested deeper than 20 levels (flatten it)"]


@pytest.mark.parametrize("opening", ["- ", "? ", "- ? ", "[\n", "{\na:\n", "[ #\n"])
def test_a_file_full_of_levels_is_refused_at_once(opening):
    _, problems = told((opening * strictyaml.LARGEST)[: strictyaml.LARGEST])
    assert problems == [problems[0]]
    assert "nested deeper than 20 levels" in problems[0]


@pytest.mark.parametrize("opening", ["[", "{", "{a: ", "[{", "['x', ", '["x", {a: '])
def test_a_line_full_of_brackets_is_refused_before_the_parser_sees_it(opening, monkeypatch):
    monkeypatch.setattr(strictyaml.yaml, "parse", None)
    _, problems = told((opening * strictyaml.LARGEST)[: strictyaml.LARGEST])
    at = [index for index, character in enumerate(opening * 201) if character in "[{"][200] + 1
    assert problems == [f"f:1:{at}: this line leaves over 200 brackets open (close them)"]


@pytest.mark.parametrize("opening", ["[']', ", '["]", ', '["}",', "{a: ']', b: "])
def test_closed_brackets_in_quotes_hide_no_depth(opening):
    _, problems = told((opening * strictyaml.LARGEST)[: strictyaml.LARGEST])
    assert problems == [problems[0]]
    assert "nested deeper than 20 levels" in problems[0]


def test_brackets_in_quotes_and_comments_are_no_levels():
    text = f"# {'{' * 200}\na: '{'[' * 200}'\nb: [{', '.join(['[]'] * 2000)}]\n"
    root, problems = told(text)
    assert not problems
    assert root.entries["a"].value.text == "[" * 200


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not():
    filler = b"#" * (strictyaml.LARGEST - 5)
    assert not told(b"a: 1\n" + filler)[1]
    assert told(b"a: 1\n" + filler + b"#")[1] == ["f:1:1: the file is larger than 256 KiB (one file holds one service)"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\n\n"])
def test_an_empty_file_holds_nothing_and_is_no_crash(text):
    root, problems = told(text)
    assert not problems
    assert root is None or root == Scalar(root.mark, "")


@given(st.binary(max_size=300))
def test_no_bytes_are_a_crash(data):
    root, problems = strictyaml.parse(data, "f")
    assert root is None or isinstance(root, (Scalar, Items, MappingNode)) or problems


@given(st.text(alphabet="ab:-[]{}&*!'\"#|>?, \n\t~%@`0", max_size=60))
def test_what_is_read_without_a_fault_is_what_pyyaml_reads(text):
    root, problems = told(text)
    if problems or root is None:
        return
    assert plain(root) == yaml.load(text, Loader=yaml.CBaseLoader)


@pytest.mark.parametrize("loader", [strictyaml._LOADER, yaml.SafeLoader])
@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\U00110000", r"\UFFFFFFFF", r"\U0000d800"])
def test_an_escape_that_is_no_character_is_refused_by_either_parser(escape, loader, monkeypatch):
    monkeypatch.setattr(strictyaml, "_LOADER", loader)
    _, problems = told(f'a: "{escape}"\n')
    assert len(problems) == 1


def test_the_parser_in_python_reads_the_same(monkeypatch):
    data = (
        b"a: 1\nb: [x, 'y', {c: \"z\"}]\nd: |\n  t\n",
        b"a: &x 1\nb: *x\nc: !t 3\na: 2\n",
        b"a: b: c\n",
        "é: 'ü'\nå: b: c\n".encode(),
        b"[" * 2000,
        b"- " * 2000,
    )
    fast = [strictyaml.parse(each, "f") for each in data]
    monkeypatch.setattr(strictyaml, "_LOADER", yaml.SafeLoader)
    assert [strictyaml.parse(each, "f") for each in data] == fast
