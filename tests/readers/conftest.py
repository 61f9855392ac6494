"""Nobody waits for files to grow, but where a test makes them."""

from __future__ import annotations

import pytest

from drcheck import clock


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "pause", lambda _: None)
