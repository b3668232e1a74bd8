"""Progress bars on standard error, for everything that takes over a second; plain lines where that is no terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["Tick", "progress_bars", "step"]

LINE_S = 10.0
"""Seconds between two lines of one step in a log."""


class Tick(Protocol):
    """Called with how much is done and, where it is known only now, of how much."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """Move the bar."""
        ...


def progress_bars() -> Progress:
    """Return a set of bars; it is disabled, and steps write lines, where standard error is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


@contextmanager
def step(bars: Progress, name: str, total: int | None = None) -> Iterator[Tick]:
    """Show one step; the function given moves its bar."""
    bars.add_task(name, total=total)
    task = bars.tasks[-1]
    told = time.monotonic()

    def tick(done: int, of: int | None = None, /) -> None:
        nonlocal told
        whole = total if of is None else of
        # A step is done, and its time stands, when its block ends, which may be a while after the last of many.
        bars.update(task.id, completed=min(done, whole - 1) if whole else done, total=whole)
        if bars.disable and time.monotonic() - told >= LINE_S:
            told = time.monotonic()
            left = "" if task.time_remaining is None else f", about {task.time_remaining:.0f} s left"
            _tell(bars, f"{name}: {_amount(done, task.total)}{left}")

    yield tick
    if not task.total:
        bars.update(task.id, total=max(1, task.completed))
    bars.update(task.id, completed=task.total)
    if bars.disable:
        amount = f"{_amount(task.completed, None)} in " if total else ""
        _tell(bars, f"{name}: {amount}{task.finished_time or 0:.1f} s")


def _amount(done: float, total: float | None) -> str:
    return f"{done:,.0f} of {total:,.0f}" if total else f"{done:,.0f}"


def _tell(bars: Progress, line: str) -> None:
    bars.console.print(line, soft_wrap=True, markup=False, highlight=False)
