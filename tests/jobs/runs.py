"""Runs that are killed or stopped at some moment, each a process of its own beside a reader that never rests."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from redis.connection import AbstractConnection

from jobs.progress import progress_bars
from jobs.refresh import refresh
from jobs.train import train
from recommender.errors import RecommenderError
from recommender.redis.keys import Keys
from recommender.related.shelf import Shelf
from recommender.service import Service, open_service
from recommender.settings import Settings

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
    """Call ``at`` around every command sent to Redis, whenever a file or directory is made, moved or dropped, and
    before every statement of a database that is opened from now on.
    """
    send = AbstractConnection.send_packed_command

    def sending(self: AbstractConnection, *arguments: Any, **options: Any) -> None:
        at()
        send(self, *arguments, **options)  # type: ignore[no-untyped-call]
        at()

    AbstractConnection.send_packed_command = sending  # type: ignore[method-assign]
    connect = sqlite3.connect

    def connecting(*arguments: Any, **options: Any) -> Any:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda _: at())
        return connection

    sqlite3.connect = connecting

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        made = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        if made or event in {"os.mkdir", "os.remove", "os.rename", "os.rmdir"}:
            at()

    sys.addaudithook(audit)


Work = Callable[[Service], Any]


def nightly(service: Service) -> None:
    with progress_bars() as bars:
        train(service, bars)


def refreshing(service: Service) -> None:
    refresh(service)


def run_until(work: Work, place: tuple[Path, str], keep: int, told: Connection, end: tuple[int, int]) -> None:
    """Work; at some moment (0: never) send this process a signal. Tell how many moments there were."""
    (data_dir, url), (moment, how) = place, end
    passed = 0

    def at() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), how)

    with open_service(settings_of(data_dir, keep), url) as service:
        count_moments(at)
        try:
            work(service)
        except (RecommenderError, OSError, sqlite3.OperationalError) as error:
            told.send(f"{type(error).__name__}: {error}")
            sys.exit(1)
    told.send(passed)


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

    def start(
        self, keep: int, moment: int = 0, how: int = signal.SIGKILL, work: Work = nightly
    ) -> tuple[ForkServerProcess, Connection]:
        """Begin a night, or other work, which is sent a signal at some moment (0: never)."""
        hears, tells = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=run_until, args=(work, self.place, keep, tells, (moment, how)))
        process.start()
        tells.close()
        return process, hears

    def run(self, keep: int, moment: int = 0, work: Work = nightly) -> Any:
        """Run a night, or other work, to its end; return how many moments it had, or None when it was killed."""
        process, hears = self.start(keep, moment, work=work)
        process.join()
        return hears.recv() if process.exitcode != -signal.SIGKILL else None

    def stop(self, keep: int, moment: int, work: Work = nightly) -> tuple[ForkServerProcess, Connection]:
        """Begin a night, or other work, and wait until it has stopped at some moment."""
        process, hears = self.start(keep, moment, signal.SIGSTOP, work)
        while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)
        return process, hears

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
        self.check_disk()

    def check_disk(self) -> None:
        """Each version has its model, and there is nothing else."""
        assert {path.name for path in (self.data_dir / "models").iterdir()} == set(self.lists.versions())
