"""The service as a process of its own, started as people start it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

__all__ = ["START_S", "Running", "free_port", "own_environment", "running"]

START_S = 120
"""Seconds within which a service must answer, on a machine that is busy with other tests too."""


class Running:
    """A service that runs.

    Attributes
    ----------
    address : str
        Where it answers.
    process : subprocess.Popen
        Its main process.
    data_dir : Path
    """

    def __init__(self, address: str, process: subprocess.Popen[str], data_dir: Path) -> None:
        self.address = address
        self.process = process
        self.data_dir = data_dir

    @property
    def editor(self) -> tuple[str, str]:
        """Name and password of the first editor, as it was made."""
        secrets = json.loads((self.data_dir / "secrets.json").read_text(encoding="utf-8"))
        return "editor", secrets["editor_password"]

    def command(self, *arguments: str) -> None:
        """Run a command beside it, on the same data."""
        command = [sys.executable, "-m", "recommender.cli", *arguments, "--data-dir", str(self.data_dir)]
        subprocess.run(command, env=own_environment(), check=True, timeout=START_S)

    def await_answer(self) -> None:
        """Wait until it answers; fail when it ends first, or takes too long."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                assert httpx.get(f"{self.address}/health/live", timeout=START_S, trust_env=False).status_code == 200
            except httpx.ConnectError:
                with suppress(subprocess.TimeoutExpired):
                    pytest.fail(f"the service ended with exit code {self.process.wait(0.2)} before it answered")
                assert time.monotonic() < deadline, f"no answer within {START_S} s"
            else:
                return

    def stop(self) -> int:
        """Stop it as Ctrl-C in a terminal does, which reaches every process; return its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(20)


def free_port() -> int:
    """Return a TCP port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def own_environment() -> dict[str, str]:
    """Return this process's environment without settings of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RECOMMENDER_")}


@contextmanager
def running(command: str, data_dir: Path, *options: str, **settings: str) -> Iterator[Running]:
    """Run ``recommender COMMAND`` on a free port until the block ends; yield it once it answers."""
    environment = own_environment() | {f"RECOMMENDER_{name.upper()}": value for name, value in settings.items()}
    port = free_port()
    arguments = [sys.executable, "-m", "recommender.cli", command, "--data-dir", str(data_dir), "--port", str(port)]
    with subprocess.Popen([*arguments, *options], env=environment, start_new_session=True, text=True) as process:
        service = Running(f"http://127.0.0.1:{port}", process, data_dir)
        try:
            service.await_answer()
            yield service
        finally:
            if process.poll() is None:
                service.stop()
