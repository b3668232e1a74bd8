"""Versions: written whole before anyone sees them, by one run at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from recommender.errors import RecommenderError, TrainingRefused
from recommender.redis.keys import Keys
from recommender.related.diff import ListChange, diff
from recommender.related.lists import Lists
from recommender.related.packing import pack
from recommender.related.publication import Publication

NIGHT = datetime(2026, 6, 1, 3, tzinfo=UTC)


@pytest.fixture
def lists(redis: Redis, keys: Keys) -> Lists:
    return Lists(redis, keys)


def publish(lists: Lists, neighbour: str, *, now: datetime = NIGHT, keep: int = 3) -> str:
    with lists.publishing(lock_s=10, keep=keep, now=now) as publication:
        publication.write([("a", pack({neighbour: 0.5, "z": 0.25}))])
        publication.publish({"lists": 1})
    return publication.version


def test_nothing_is_there_before_the_first(lists: Lists) -> None:
    """Without any version there is no list and no error."""
    assert lists.read("a") == (None, {})
    assert lists.current is None
    assert lists.versions() == {}


def test_readers_see_the_old_version_until_the_new_one_is_whole(lists: Lists) -> None:
    """While a version is written readers see the one before; afterwards the new one, nearest first."""
    first = publish(lists, "b")
    with lists.publishing(lock_s=10, keep=3, now=NIGHT + timedelta(days=1)) as publication:
        publication.write([("a", pack({"c": 0.75, "b": 0.5}))])
        assert lists.read("a") == (first, {"b": 0.5, "z": 0.25})
        publication.publish({"lists": 1})
        version, neighbours = lists.read("a")
    assert (version, list(neighbours)) == ("20260602T030000Z", ["c", "b"])
    assert first == "20260601T030000Z"
    assert lists.read("unknown") == (version, {})


def test_two_versions_of_one_second_have_two_names(lists: Lists) -> None:
    """A second run within the second gets a suffix that sorts after."""
    assert [publish(lists, "b"), publish(lists, "b"), publish(lists, "b")] == [
        "20260601T030000Z",
        "20260601T030000Z-02",
        "20260601T030000Z-03",
    ]


def test_the_oldest_versions_go(lists: Lists, redis: Redis, keys: Keys) -> None:
    """Only the versions to keep stay in memory; the current one always does."""
    versions = [publish(lists, "b", now=NIGHT + timedelta(days=day), keep=2) for day in range(4)]
    assert list(lists.versions()) == versions[2:]
    assert {key for key in redis.scan_iter() if key.endswith(":lists")} == {keys.lists(one) for one in versions[2:]}


def test_rollback_goes_to_the_version_before_or_to_the_one_named(lists: Lists) -> None:
    """Back by one, back to one by name, and a clear refusal where there is none."""
    with pytest.raises(RecommenderError, match="no older version"):
        lists.roll_back()
    versions = [publish(lists, f"n{day}", now=NIGHT + timedelta(days=day)) for day in range(3)]
    assert lists.roll_back() == versions[1]
    assert lists.read("a")[0] == versions[1]
    assert lists.roll_back(versions[2]) == versions[2]
    with pytest.raises(RecommenderError, match="20000101T000000Z is not kept; kept are: 2026"):
        lists.roll_back("20000101T000000Z")


def test_what_changed_between_two_versions_is_told(lists: Lists) -> None:
    """For each article asked for whose first ten are others: what came and what went; and how much stayed in all."""
    old, new = publish(lists, "b"), publish(lists, "c")
    found = diff(lists, old, new, ["a", "unlisted"])
    assert (found.articles, found.changed, found.overlap) == (2, 1, 0.75)
    assert found.changes == [ListChange(article_id="a", came=["c"], went=["b"], overlap=0.5)]
    with pytest.raises(RecommenderError, match="20000101T000000Z is not kept"):
        diff(lists, "20000101T000000Z", new, ["a"])


def test_only_one_run_at_a_time(lists: Lists) -> None:
    """While one run holds the lock another is refused, and may run afterwards."""
    refused = pytest.raises(TrainingRefused, match="another training run is under way")
    with lists.publishing(lock_s=10, keep=3, now=NIGHT), refused:
        publish(lists, "b")
    publish(lists, "b")


def test_a_run_that_fails_leaves_nothing(lists: Lists, redis: Redis) -> None:
    """What a failed run wrote is gone, readers see what they saw, and the lock is free."""
    first = publish(lists, "b")
    before = set(redis.scan_iter())

    def fail() -> None:
        with lists.publishing(lock_s=10, keep=3, now=NIGHT) as publication:
            publication.write([("a", pack({"c": 0.5}))])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert set(redis.scan_iter()) == before
    assert lists.read("a")[0] == first
    assert [run["outcome"] for run in lists.runs()] == ["failed", "published"]


def test_what_a_dead_run_left_is_cleared_by_the_next(lists: Lists, redis: Redis, keys: Keys) -> None:
    """A run killed while writing cannot hold the lock for ever, and its half-written lists go."""
    redis.set(keys.lock, "dead", px=1)
    dead = Publication(redis, keys, "dead", keep=3)
    redis.set(keys.lock, "dead")
    dead.begin(NIGHT)
    dead.write([("a", pack({"b": 0.5}))])
    redis.delete(keys.lock)  # as its expiry does
    publish(lists, "c", now=NIGHT + timedelta(hours=1))
    assert not redis.exists(keys.lists(dead.version))
    assert not redis.exists(keys.staging)
    assert [(run["run"], run["outcome"]) for run in lists.runs()][1:] == [(dead.version, "died")]


def test_a_run_that_slept_before_it_began_clears_nothing_of_the_next(lists: Lists, redis: Redis, keys: Keys) -> None:
    """A run stopped between its lock and its first step finds the lock lost, and leaves another's lists alone."""
    late = Publication(redis, keys, "slept", keep=3)
    with lists.publishing(lock_s=10, keep=3, now=NIGHT) as other:
        other.write([("a", pack({"b": 0.5}))])
        with pytest.raises(TrainingRefused, match="lost its lock"):
            late.begin(NIGHT)
        other.publish({"lists": 1})
    assert lists.read("a") == (other.version, {"b": 0.5})


def test_names_go_up_when_the_clock_goes_back(lists: Lists) -> None:
    """A version made after another sorts after it, whatever the clock says."""
    first = publish(lists, "b")
    second = publish(lists, "c", now=NIGHT - timedelta(days=1))
    assert second == f"{first}-02"
    assert lists.current == second
    assert lists.roll_back() == first


def test_a_run_that_wakes_up_late_is_refused(lists: Lists, redis: Redis, keys: Keys) -> None:
    """A run that slept past its lock can neither write nor publish, whether another has run meanwhile or not."""
    redis.set(keys.lock, "slept")
    late = Publication(redis, keys, "slept", keep=3)
    late.begin(NIGHT)
    late.write([("a", pack({"late": 0.5}))])
    redis.delete(keys.lock)
    with pytest.raises(TrainingRefused, match="lost its lock"):
        late.publish({"lists": 1})
    with lists.publishing(lock_s=10, keep=3, now=NIGHT + timedelta(hours=1)) as other:
        other.write([("a", pack({"other": 0.5}))])
        with pytest.raises(TrainingRefused, match="lost its lock"):
            late.write([("b", pack({"late": 0.5}))])
        with pytest.raises(TrainingRefused, match="lost its lock"):
            late.publish({"lists": 1})
        other.publish({"lists": 1})
    assert lists.read("a") == (other.version, {"other": 0.5})
    assert not redis.exists(keys.lists(late.version))


def test_the_lock_is_renewed_while_the_run_lives(lists: Lists, redis: Redis, keys: Keys) -> None:
    """A run longer than the lock keeps it: its time to live is raised again and again."""
    with lists.publishing(lock_s=0.6, keep=3, now=NIGHT) as publication:
        redis.pexpire(keys.lock, 400)
        while redis.pttl(keys.lock) < 400:  # the renewal thread raises it to 600 within .2 s
            assert redis.pttl(keys.lock) > 0
        publication.publish({"lists": 0})
