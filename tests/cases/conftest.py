"""One situation for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from situation import Situation


@pytest.fixture
def situation(tmp_path: Path) -> Situation:
    return Situation(tmp_path)
