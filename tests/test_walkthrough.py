"""The walk through one agreement quotes the policy as it is, and shows a run of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drcheck.core.model.policy import Policy
from drcheck.policyfile.load import load_policies
from drcheck.readers.logs import attestations, maintenance_log, outage_log

PAGE = Path(__file__).parent.parent / "docs" / "walkthrough.md"
POLICY = PAGE.parent.parent / "policies" / "interworks-cloud.yaml"
TEXT = PAGE.read_text()
SHOWN = re.findall(r"<!-- interworks-cloud (\S+) in a run: begin -->\n```\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def policy() -> Policy:
    (loaded,) = load_policies([str(POLICY)], None).policies
    return loaded


@pytest.mark.parametrize("snippet", re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
def test_what_is_quoted_of_the_policy_stands_in_it(snippet: str) -> None:
    assert f"\n{snippet}" in POLICY.read_text()


def test_the_words_of_the_agreement_are_those_that_the_policy_quotes(policy: Policy) -> None:
    (listed,) = re.findall(r"\| --- \| --- \| --- \|\n(.*?)\n\n", TEXT.partition("## 2.")[0], re.DOTALL)
    quotes = " ".join(one.quote for one in policy.commitments)
    for row in listed.splitlines():
        words = re.search(r'"(?:… )?(?:and )?(.*)"', row)[1]
        assert words in quotes, words


@pytest.mark.parametrize(("name", "output"), SHOWN)
def test_the_output_shown_is_of_a_commitment_and_fits_a_terminal_of_80_columns(
    policy: Policy, name: str, output: str
) -> None:
    assert name in {one.id for one in policy.commitments}
    head, first, *rest = output.splitlines()
    assert head.split() == ["commitment", "clause", "promised", "measured"]
    assert re.match(r"  \S (met|attested) +", first)
    assert rest
    assert max(map(len, output.splitlines())) <= 80


def test_a_verdict_is_shown_for_each_promise_that_the_page_writes() -> None:
    written = re.findall(r"```yaml\n  ([a-z-]+):\n    kind:", TEXT)
    assert sorted(written) == sorted(name for name, _ in SHOWN)


@pytest.mark.parametrize("records", re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
def test_the_records_shown_are_read_without_a_gap(records: str) -> None:
    parse = {"attests": attestations.parse, "watched": outage_log.parse, "maintenance": maintenance_log.parse}
    read = next(parse[key] for key in parse if records.startswith(f'{{"{key}"'))
    log = read(records.encode(), "interworks-cloud", int(datetime(2030, 1, 1, tzinfo=UTC).timestamp()))
    assert log.gaps == ()
    assert len(log.attestations) + len(log.outages) + len(log.watched) + len(log.maintenance) == len(
        records.splitlines()
    )


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT))
def test_what_the_page_links_to_is_there(target: str) -> None:
    assert (PAGE.parent / target).is_file()
