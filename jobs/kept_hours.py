"""Kept hours: what the nights before replayed as it was, for as long as it is trained on.

Views are told apart by five minutes for two days only; later, hours counted whole blur the fast boards. So each night
writes down the hours since the last one, leaders only, and reads those of the nights before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from recommender.trending.replay import Hour
from recommender.trending.windows import WINDOWS

__all__ = ["keep_hours", "kept_hours"]

_COLUMNS = ("ever", "ages", "truth")
_FACTS = ("now", "tenth", "ten", "telling")


def keep_hours(directory: Path, hours: Sequence[Hour], *, since: float, half_life_share: float) -> None:
    """Write hours into a file of their own, and drop files that hold none from the Unix second ``since`` on."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.glob("*.npz"):
        if int(path.stem) < since:
            path.unlink()
    if not hours:
        return
    arrays = {name: np.array([getattr(hour, name) for hour in hours]) for name in _FACTS}
    arrays["half_life_share"] = np.array(half_life_share)
    arrays["lengths"] = np.array([len(hour.articles) for hour in hours])
    arrays["articles"] = np.concatenate([hour.articles for hour in hours])
    for name in _COLUMNS:
        arrays[name] = np.concatenate([getattr(hour, name) for hour in hours]).astype(np.float32)
    for name in WINDOWS:
        arrays[name] = np.concatenate([hour.decayed[name] for hour in hours]).astype(np.float32)
    path = directory / f"{hours[-1].now:.0f}.npz"
    with path.with_suffix(".part").open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".part").replace(path)


def kept_hours(directory: Path, *, half_life_share: float) -> Iterator[Hour]:
    """Yield the hours of every file that was written by these half-lives, the oldest first."""
    for path in sorted(directory.glob("*.npz"), key=lambda path: int(path.stem)):
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if arrays.get("half_life_share") != half_life_share:
            continue
        ends = np.cumsum(arrays["lengths"])
        for number, end in enumerate(ends):
            part = slice(end - arrays["lengths"][number], end)
            yield Hour(
                **{name: arrays[name][number].item() for name in _FACTS},
                articles=arrays["articles"][part],
                decayed={name: arrays[name][part].astype(np.float64) for name in WINDOWS},
                **{name: arrays[name][part].astype(np.float64) for name in _COLUMNS},
            )
