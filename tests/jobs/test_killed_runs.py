"""Training runs that are killed, stopped or out of disk, each a process of its own beside a reader that never rests."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.connection import AbstractConnection

from jobs.progress import progress_bars
from jobs.train import train
from recommender.errors import RecommenderError
from recommender.intake import take_in
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from recommender.related.shelf import Shelf
from recommender.service import Service, open_service
from recommender.settings import Settings
from tests.newsroom import article

ARTICLES = 24
WORDS = "river dyke flood water sandbag village rain gauge rescue boat harbour mayor".split()  # noqa: SIM905 - prose
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.jobs.warm"])


def settings_of(data_dir: Path, keep: int) -> Settings:
    """Return settings under which every list has ``keep`` articles, so that lists of two nights are told apart."""
    return Settings(
        data_dir=data_dir,
        namespace="tests",
        related_keep=keep,
        related_story_most=200,
        related_copy_cosine=2,
        related_copy_shingles=2,
    )


def count_moments(at: Callable[[], None]) -> None:
    """Call ``at`` before and after every command sent to Redis, and whenever a file or directory is made or dropped."""
    send = AbstractConnection.send_packed_command

    def sending(self: AbstractConnection, *arguments: Any, **options: Any) -> None:
        at()
        send(self, *arguments, **options)  # type: ignore[no-untyped-call]
        at()

    AbstractConnection.send_packed_command = sending  # type: ignore[method-assign]

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        made = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        if made or event in {"os.mkdir", "os.remove", "os.rmdir"}:
            at()

    sys.addaudithook(audit)


def night(place: tuple[Path, str], keep: int, told: Connection, moment: int = 0, how: int = 0) -> None:
    """Train; at the ``moment``-th moment send this process a signal. Tell how many moments there were."""
    data_dir, url = place
    passed = 0

    def at() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), how)

    with open_service(settings_of(data_dir, keep), url) as service, progress_bars() as bars:
        count_moments(at)
        try:
            train(service, bars)
        except (RecommenderError, OSError) as error:
            told.send(f"{type(error).__name__}: {error}")
            sys.exit(1)
    told.send(passed)


def night_on_a_full_disk(place: tuple[Path, str], most_bytes: int, told: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    night(place, 4, told)


class Newsroom:
    """A data directory whose nights are processes.

    Attributes
    ----------
    seen : dict
        What the reader saw: lists by version and article.
    """

    def __init__(self, data_dir: Path, url: str, service: Service) -> None:
        self.data_dir = data_dir
        self.place = (data_dir, url)
        self.service = service
        self.lists = service.lists
        self.seen: dict[tuple[str, str], dict[str, float]] = {}
        self.problems: list[str] = []
        self._ids = [one.id for one in service.archive.articles()]

    def start(self, keep: int, moment: int = 0, how: int = signal.SIGKILL) -> tuple[ForkServerProcess, Connection]:
        """Begin a night, which is sent a signal at some moment (0: never)."""
        hears, tells = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=night, args=(self.place, keep, tells, moment, how))
        process.start()
        tells.close()
        return process, hears

    def run(self, keep: int, moment: int = 0) -> Any:
        """Run a night to its end; return how many moments it had, or None when it was killed."""
        process, hears = self.start(keep, moment)
        process.join()
        return hears.recv() if process.exitcode != -signal.SIGKILL else None

    def let_lock_run_out(self) -> None:
        """Take the lock of a run that is dead or stopped, as Redis does a minute later."""
        self.service.redis.delete(Keys("tests").lock)

    @contextmanager
    def read_on(self) -> Iterator[None]:
        """Read lists without a pause meanwhile."""
        ended = threading.Event()

        def read() -> None:
            chance = random.Random(1)
            while not ended.is_set():
                article_id = chance.choice(self._ids)
                version, found = self.lists.read(article_id)
                if version and self.seen.setdefault((version, article_id), found) != found:
                    self.problems.append(f"{version} changed")

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield
        finally:
            ended.set()
            reader.join()
        lengths: dict[str, set[int]] = {}
        for (version, _), found in self.seen.items():
            lengths.setdefault(version, set()).add(len(found))
        mixed = [version for version, some in lengths.items() if len(some) != 1 or min(some) < 4]
        assert (self.problems, mixed) == ([], [])

    def check(self) -> None:
        """What readers see is whole, in Redis and on disk."""
        current, keys = self.lists.current, Keys("tests")
        versions = self.lists.versions()
        assert current in versions
        for version, facts in versions.items():
            assert self.service.redis.hlen(keys.lists(version)) == facts["lists"] == ARTICLES
            keep = Shelf(self.data_dir / "models").get(version).ranking.keep
            assert len(json.loads(str(self.service.redis.hget(keys.lists(version), "a0")))) == keep

    def check_healed(self) -> None:
        """Nothing is left of dead runs."""
        self.check()
        redis, keys, versions = self.service.redis, Keys("tests"), set(self.lists.versions())
        assert {key for key in redis.scan_iter() if key.endswith(":lists")} == {keys.lists(one) for one in versions}
        assert not redis.exists(keys.staging, keys.lock)
        assert {path.name for path in (self.data_dir / "models").iterdir()} == versions


@pytest.fixture
def newsroom(redis: Redis, redis_server: EmbeddedRedis, tmp_path: Path) -> Iterator[Newsroom]:  # noqa: ARG001 - flushes
    with open_service(settings_of(tmp_path, 4), redis_server.url) as service:
        chance = random.Random(0)
        articles = [article(f"a{n}", body=" ".join(chance.sample(WORDS, 9))) for n in range(ARTICLES)]
        take_in(articles, service.archive, service.intake)
        yield Newsroom(tmp_path, redis_server.url, service)


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
def test_a_run_killed_a_thousand_times_leaves_whole_lists(newsroom: Newsroom) -> None:
    """At every moment that there is, and at random ones up to a thousand; after every 25 kills a run heals."""
    newsroom.run(4)
    moments = newsroom.run(4)
    chance = random.Random(7)
    killed = [*range(1, moments), *chance.choices(range(1, moments), k=max(0, 1001 - moments))]
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
        sleeper, hears = newsroom.start(5, round(part * moments), signal.SIGSTOP)
        while Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)
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
