"""Progress bars on standard error, for everything that takes over a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

__all__ = ["Tick", "progress_bars", "step"]


class Tick(Protocol):
    """Called with how much is done and, where it is known only now, of how much."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """Move the bar."""
        ...


def progress_bars() -> Progress:
    """Return a set of bars; plain and silent but for the last state where standard error is no terminal."""
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


@contextmanager
def step(bars: Progress, name: str, total: int | None = None) -> Iterator[Tick]:
    """Show one step; the function given moves its bar."""
    task = bars.add_task(name, total=total)

    def tick(done: int, of: int | None = None, /) -> None:
        bars.update(task, completed=done, total=total if of is None else of)

    yield tick
    if not bars.tasks[task].total:
        bars.update(task, total=max(1, bars.tasks[task].completed))
    bars.update(task, completed=bars.tasks[task].total)
