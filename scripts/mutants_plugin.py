"""A pytest plugin for scripts/mutants: says to coverage which test runs, and lets Hypothesis try little.

A mutant meets many tests: each tries few random worlds, and a failure is not made smaller.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Generator
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest
from coverage import Coverage  # of the dev group alone
from hypothesis import HealthCheck, Phase, settings

EXAMPLES = 40
"""Random worlds that one test tries of a mutant."""
EXAMPLES_MEASURED = 15
"""Those that show which lines it reaches."""

_SETTINGS = "_hypothesis_internal_use_settings"
"""Hypothesis has no public way to replace the settings of a test that has some."""
_seconds: dict[str, float] = {}
_SERVERS = {"seaweedfs", "azurite", "sshd", "sftp_only", "bastion"}
"""The fixtures of tests/conftest.py that start one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out tests that need a server, and let each test of random worlds try few of them."""
    items[:] = [item for item in items if _SERVERS.isdisjoint(getattr(item, "fixturenames", ()))]
    most = EXAMPLES if _coverage() is None else EXAMPLES_MEASURED
    for item in items:
        test = getattr(item, "obj", None)
        if getattr(test, "is_hypothesis_test", False):
            chosen: settings = getattr(test, _SETTINGS, settings())
            few = min(most, chosen.max_examples)
            function = getattr(test, "__func__", test)
            phases = (Phase.explicit, Phase.generate)
            quick = settings(
                chosen, max_examples=few, phases=phases, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),  # they count on as many worlds as a test tries by itself
            )  # fmt: skip
            setattr(function, _SETTINGS, quick)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Name what a test reaches by the test, and measure how long it takes."""
    measuring = _coverage()
    if measuring is not None:
        _forget()
        measuring.switch_context(item.nodeid)
        # Commands that the test runs measure themselves, by this file and under this name.
        os.environ.update(COVERAGE_PROCESS_START=str(Path("coveragerc").resolve()), MUTANTS_TEST=item.nodeid)
    began = time.monotonic()
    try:
        return (yield)
    finally:
        _seconds[item.nodeid] = time.monotonic() - began
        if measuring is not None:
            measuring.switch_context("")


def _forget() -> None:
    """Empty what functions remember: else only the first test that asks one reaches its lines."""
    for name, module in list(sys.modules.items()):
        if name.startswith("drcheck."):
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()


def pytest_sessionfinish() -> None:
    """Write down how long each test took."""
    if _coverage() is not None:
        Path("seconds.json").write_text(json.dumps(_seconds))


def _coverage() -> Coverage | None:
    return Coverage.current()
