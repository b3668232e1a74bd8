"""Training runs that are killed, stopped or out of disk, each a process of its own beside a reader that never rests."""

from __future__ import annotations

import os
import random
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.jobs.runs import PROCESSES, Newsroom, nightly, run_until


def night_on_a_full_disk(place: tuple[Path, str], most_bytes: int, told: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    run_until(nightly, place, 4, told, (0, 0))


def kill(newsroom: Newsroom, moments: list[int]) -> None:
    for number, moment in enumerate(moments):
        assert newsroom.run(5 + number % 4, moment) is None, moment
        newsroom.check()
        newsroom.let_lock_run_out()


def test_a_run_killed_at_any_moment_leaves_whole_lists_and_the_next_one_heals(newsroom: Newsroom) -> None:
    """Killed at moments spread over its way, readers see one version whole; the next run leaves no trace of it."""
    newsroom.run(4)
    moments = newsroom.run(4)
    assert isinstance(moments, int), moments
    with newsroom.read_on():
        kill(newsroom, [round((place + 0.5) * moments / 12) for place in range(12)])
        assert newsroom.run(4)
    newsroom.check_healed()
    assert {run["outcome"] for run in newsroom.lists.runs()} == {"published", "died"}


@pytest.mark.benchmark
@pytest.mark.parametrize("part", range(20))
def test_a_run_killed_a_thousand_times_leaves_whole_lists(newsroom: Newsroom, part: int) -> None:
    """At every moment that there is, and at random ones up to a thousand; after every 25 kills a run heals."""
    newsroom.run(4)
    moments = newsroom.run(4)
    chance = random.Random(7)
    killed = [*range(1, moments), *chance.choices(range(1, moments), k=max(0, 1001 - moments))][part::20]
    with newsroom.read_on():
        for start in range(0, len(killed), 25):
            kill(newsroom, killed[start : start + 25])
            assert newsroom.run(4)
            newsroom.check_healed()


@pytest.mark.parametrize("part", [0.15, 0.4, 0.7, 0.9])
def test_a_run_stopped_past_its_lock_and_woken_changes_nothing(newsroom: Newsroom, part: float) -> None:
    """While it sleeps another publishes; awake it is refused, or had published before, and what readers see stays."""
    newsroom.run(4)
    moments = newsroom.run(4)
    with newsroom.read_on():
        sleeper, hears = newsroom.stop(5, round(part * moments))
        newsroom.let_lock_run_out()
        assert isinstance(newsroom.run(6), int)
        current, versions = newsroom.lists.current, newsroom.lists.versions()
        assert sleeper.pid
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.join()
        told = hears.recv()
        # Refused by its lock, or its files were cleared away by the other.
        assert isinstance(told, int) or "lost its lock" in told or "No such file" in told
        assert (newsroom.lists.current, newsroom.lists.versions()) == (current, versions)
        newsroom.check()
        newsroom.run(4)
    newsroom.check_healed()


def test_of_two_runs_at_once_one_publishes(newsroom: Newsroom) -> None:
    """Two processes train at the same time: the one is refused with a clear line, the other's lists are whole."""
    newsroom.run(4)
    with newsroom.read_on():
        pairs = [newsroom.start(5), newsroom.start(6)]
        for process, _ in pairs:
            process.join()
    told = [hears.recv() for _, hears in pairs]
    assert any(isinstance(one, int) for one in told)
    assert all(isinstance(one, int) or "under way" in one for one in told)
    newsroom.check_healed()


@pytest.mark.parametrize("most_bytes", [100, 4000])
def test_a_full_disk_leaves_the_old_model(newsroom: Newsroom, most_bytes: int) -> None:
    """When the model cannot be written the run fails with the reason, and nothing of it stays in Redis or on disk."""
    newsroom.run(4)
    hears, tells = PROCESSES.Pipe(duplex=False)
    current = newsroom.lists.current
    process = PROCESSES.Process(target=night_on_a_full_disk, args=(newsroom.place, most_bytes, tells))
    process.start()
    process.join()
    assert hears.recv().startswith("OSError: ")
    assert newsroom.lists.current == current
    assert newsroom.lists.runs()[0]["outcome"] == "failed"
    newsroom.check_healed()
