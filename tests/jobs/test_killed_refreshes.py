"""Refreshes that are killed or stopped, each a process of its own beside a reader that never rests."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from recommender.intake import take_in, withdraw
from recommender.redis.keys import Keys
from recommender.related.shelf import Shelf
from tests.jobs.runs import WORDS, Newsroom, refreshing
from tests.newsroom import article

KEYS = Keys("tests")

States = list[dict[str, str]]


def change(newsroom: Newsroom, turn: int) -> None:
    """Let an article come, another change, and withdraw the one that came two turns before."""
    chance, service = random.Random(turn), newsroom.service
    new = article(f"new{turn}", body=" ".join(chance.sample(WORDS, 9)))
    changed = article(f"a{turn % 20}", body=" ".join(chance.sample(WORDS, 9)))
    take_in([new, changed], service.archive, service.intake)
    if turn > 1:
        withdraw(f"new{turn - 2}", service.archive, service.intake)


def lists(newsroom: Newsroom) -> dict[str, str]:
    """All lists that readers see, as of one moment."""
    return cast("dict[str, str]", newsroom.service.redis.hgetall(KEYS.lists(str(newsroom.lists.current))))


@contextmanager
def watched(newsroom: Newsroom) -> Iterator[States]:
    """Collect the different states that all lists are in meanwhile."""
    ended, states = threading.Event(), [lists(newsroom)]

    def look() -> None:
        while not ended.is_set():
            if (state := lists(newsroom)) != states[-1]:
                states.append(state)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield states
    finally:
        ended.set()
        reader.join()


def check(newsroom: Newsroom) -> None:
    """All changes are in the lists that readers see, whole, as they are on disk; nothing else is left."""
    service, version = newsroom.service, str(newsroom.lists.current)
    growth, there = Shelf(newsroom.data_dir / "models").growth(version), lists(newsroom)
    ids = {one.id for one in service.archive.articles()}
    assert there.keys() - {""} == ids
    assert newsroom.lists.position(version) in {None, service.archive.position}
    for article_id, found in newsroom.lists.read_all(version, sorted(ids)).items():
        assert len(found) == growth.model.ranking.keep
        assert found.keys() <= ids
        assert found == pytest.approx(growth.list_of(article_id), abs=1e-3)
    assert not list((newsroom.data_dir / "models").glob("*/*.writing"))
    assert set(service.redis.scan_iter("*:lists")) == {KEYS.lists(one) for one in newsroom.lists.versions()}


def kill(newsroom: Newsroom, turn: int, moment: int) -> None:
    """Kill a refresh at some moment, and let another heal what it left."""
    change(newsroom, turn)
    with watched(newsroom) as states:
        newsroom.run(4, moment, refreshing)
        assert newsroom.run(4, work=refreshing)
    assert len(states) == 2, moment  # those before and those after, and nothing between
    check(newsroom)


def moments_of(newsroom: Newsroom) -> int:
    """Return how many moments a refresh has."""
    newsroom.run(4)
    change(newsroom, 0)
    moments = newsroom.run(4, work=refreshing)
    assert isinstance(moments, int), moments
    return moments


def test_a_refresh_killed_at_any_moment_changes_all_lists_or_none(newsroom: Newsroom) -> None:
    """Readers see the lists before or those after; the next refresh takes in what is missing and leaves no trace."""
    moments = moments_of(newsroom)
    for turn in range(1, 7):
        kill(newsroom, turn, round((turn - 0.5) * moments / 6))


@pytest.mark.benchmark
def test_a_refresh_killed_at_every_moment_changes_all_lists_or_none(newsroom: Newsroom) -> None:
    """At each moment that there is."""
    moments = moments_of(newsroom)
    for turn in range(1, moments + 1):
        kill(newsroom, turn, turn)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_refresh_stopped_while_a_night_publishes_and_woken_spoils_nothing(newsroom: Newsroom, part: float) -> None:
    """Awake it goes on with the version that readers see by then, and what came meanwhile is in its lists."""
    moments = moments_of(newsroom)
    change(newsroom, 1)
    sleeper, _ = newsroom.stop(4, round(part * moments), refreshing)
    assert newsroom.run(5)
    night = lists(newsroom)
    change(newsroom, 2)
    with watched(newsroom) as states:
        assert sleeper.pid
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.join()
        assert newsroom.run(4, work=refreshing)
    assert states[0] == night
    assert len(states) == 2
    check(newsroom)


def test_a_refresh_stopped_until_its_version_is_gone_leaves_nothing_of_it(newsroom: Newsroom) -> None:
    """Four nights later it finds neither its lists nor its model; the next refresh has nothing to heal."""
    moments = moments_of(newsroom)
    change(newsroom, 1)
    sleeper, hears = newsroom.stop(4, round(0.6 * moments), refreshing)
    for _ in range(4):
        assert newsroom.run(4)
    assert sleeper.pid
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join()
    told = hears.recv()
    assert isinstance(told, int) or "No such file" in told or "unable to open" in told
    change(newsroom, 2)
    assert newsroom.run(4, work=refreshing)
    check(newsroom)
    newsroom.check_disk()


def test_refreshes_beside_a_night_end_with_whole_lists(newsroom: Newsroom) -> None:
    """While a night runs, articles come, change and go and are taken in; after it they are in the new version's."""
    moments_of(newsroom)
    night, _ = newsroom.start(4)
    turn = 0
    while night.is_alive():
        turn += 1
        change(newsroom, turn)
        assert newsroom.run(4, work=refreshing)
    night.join()
    assert newsroom.run(4, work=refreshing)
    check(newsroom)
