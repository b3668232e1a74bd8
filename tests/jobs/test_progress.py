"""Progress, on a terminal and in a log."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading
from contextlib import suppress

import pytest

from jobs import progress
from jobs.progress import progress_bars, step


def test_a_log_gets_plain_lines_with_an_estimate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where standard error is no terminal each step writes how far it is, how long it will take, and what it took."""
    monkeypatch.setattr(progress, "LINE_S", 0)
    with progress_bars() as bars, step(bars, "read words", 2000) as tick:
        for done in (500, 1000, 1500):
            threading.Event().wait(0.01)
            tick(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "read words: 500 of 2,000"
    assert re.fullmatch(r"read words: 1,500 of 2,000, about \d+ s left", lines[2])
    assert re.fullmatch(r"read words: 2,000 in \d+\.\d s", lines[3])
    assert len(lines) == 4


def test_a_step_takes_as_long_as_its_block(capsys: pytest.CaptureFixture[str]) -> None:
    """What comes after the last tick is part of the time that a log is told."""
    with progress_bars() as bars, step(bars, "read words", 20) as tick:
        tick(20)
        threading.Event().wait(0.2)
    told = re.fullmatch(r"read words: 20 in (\d+\.\d) s\n", capsys.readouterr().err)
    assert told
    assert float(told[1]) >= 0.2


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a step is a bar that moves."""
    terminal, end = pty.openpty()
    with os.fdopen(end, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        patch.setenv("TERM", "xterm")
        with progress_bars() as bars, step(bars, "read words", 2000) as tick:
            tick(500)
    shown = ""
    with suppress(OSError):  # how a terminal says that nothing more comes
        while part := os.read(terminal, 100_000):
            shown += part.decode(errors="replace")
    os.close(terminal)
    assert "read words" in shown
    assert "━" in shown
    assert "2000/2000" in shown
