"""In which order a run looks at its sources."""

from types import SimpleNamespace

from drcheck.app.look import spread


def order(connections: str, workers: int) -> str:
    """Return the sources of ``connections``, a letter each, as they are looked at; numbered within each connection."""
    sources = [(None, SimpleNamespace(connection=each, name=f"{each}{at}")) for at, each in enumerate(connections)]
    return " ".join(source.name for _, source in spread(sources, workers))


def test_sources_of_one_host_let_those_of_other_hosts_begin_first():
    assert order("aabbcc", 3) == "a0 b2 c4 a1 b3 c5"
    assert order("aab", 8) == "a0 b2 a1"


def test_sources_of_one_connection_keep_their_order():
    assert order("aaaa", 2) == "a0 a1 a2 a3"
    assert order("", 2) == ""


def test_no_source_is_put_off_by_more_than_two_rounds_of_workers():
    assert order("aabbccdd", 2) == "a0 b2 a1 b3 c4 d6 c5 d7"
