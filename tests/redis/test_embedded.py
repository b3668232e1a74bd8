"""One real redis-server for all who share a data directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from recommender.errors import EmbeddedRedisError
from recommender.redis import embedded
from recommender.redis.connection import connect
from recommender.redis.embedded import EmbeddedRedis, find_server


def server_pid(client: Redis) -> int:
    return cast("dict[str, int]", client.info("server"))["process_id"]


def test_two_share_one_server_and_the_last_stops_it(tmp_path: Path) -> None:
    """Whoever comes second uses the same server; it ends with the last, whoever started it."""
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    first.__enter__()
    second.__enter__()
    with connect(first.url) as one, connect(second.url) as other:
        assert server_pid(one) == server_pid(other)
        first.__exit__(None, None, None)
        assert other.ping()
        second.__exit__(None, None, None)
        with pytest.raises(RedisConnectionError):
            other.ping()


def test_another_process_shares_it_too(tmp_path: Path) -> None:
    """A command beside a running service finds its server, and does not stop it when it ends."""
    command = (
        "import sys; from pathlib import Path; from recommender.redis.embedded import EmbeddedRedis\n"
        "from recommender.redis.connection import connect\n"
        "with EmbeddedRedis(Path(sys.argv[1])) as server: connect(server.url).set('from', 'the command')"
    )
    with EmbeddedRedis(tmp_path) as server:
        subprocess.run([sys.executable, "-c", command, str(tmp_path)], check=True)
        with connect(server.url) as client:
            assert client.get("from") == "the command"


def test_data_survives_a_restart_and_a_kill(tmp_path: Path) -> None:
    """What was acknowledged is there again, after an orderly end and after SIGKILL."""
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        client.set("kept", 1)
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        assert client.incr("kept") == 2
        os.kill(server_pid(client), signal.SIGKILL)
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        assert client.get("kept") == "2"


def test_counters_are_never_evicted(tmp_path: Path) -> None:
    """The server refuses writes rather than drop what it holds, and writes all it takes to disk."""
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_a_deep_directory_with_spaces_works(tmp_path: Path) -> None:
    """The kernel's short limit for socket paths is not the user's problem."""
    with EmbeddedRedis(tmp_path / ("a long name " * 9)) as server, connect(server.url) as client:
        assert client.ping()


def test_a_broken_file_is_reported_with_the_servers_own_words(tmp_path: Path) -> None:
    """When the server cannot start, the message holds the end of its log."""
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        client.set("a", 1)
        client.set("b", 2)
    for file in (tmp_path / "redis").rglob("*.aof"):
        if content := file.read_bytes():
            file.write_bytes(content[: len(content) // 2].replace(b"$", b"?") + content[len(content) // 2 :])
    with pytest.raises(EmbeddedRedisError, match="redis-server ended at once"):
        EmbeddedRedis(tmp_path).__enter__()


def test_without_any_server_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Redis gets the commands that bring one."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedRedisError, match="apt install redis-server"):
        find_server()
