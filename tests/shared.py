"""The real data beside the checkout, for tests that want it whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["shared_file"]

_DATA = Path(__file__).parents[2] / "shared" / "data"


def shared_file(name: str) -> Path:
    """Return a file of the real data; without it the test is skipped by name, and in CI fails."""
    path = _DATA / name
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not beside the checkout")
        pytest.skip(f"the real data file {name} is not beside this checkout")
    return path
