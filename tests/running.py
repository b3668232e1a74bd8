"""The service as a process of its own, started as people start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

__all__ = ["Running", "free_port", "own_environment", "running"]

START_S = 60
"""Seconds within which a service must answer, on a machine that is busy with other tests too."""


class Running:
    """A service that runs.

    Attributes
    ----------
    address : str
        Where it answers.
    process : subprocess.Popen
        Its main process.
    """

    def __init__(self, address: str, process: subprocess.Popen[str]) -> None:
        self.address = address
        self.process = process

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
def running(command: str, data_dir: Path, *options: str) -> Iterator[Running]:
    """Run ``recommender COMMAND`` on a free port until the block ends; yield it once it answers."""
    port = free_port()
    arguments = [sys.executable, "-m", "recommender.cli", command, "--data-dir", str(data_dir), "--port", str(port)]
    with subprocess.Popen([*arguments, *options], env=own_environment(), start_new_session=True, text=True) as process:
        service = Running(f"http://127.0.0.1:{port}", process)
        try:
            transport = httpx.HTTPTransport(retries=12)  # with growing pauses
            with httpx.Client(transport=transport, trust_env=False) as client:
                assert client.get(f"{service.address}/health/live", timeout=START_S).status_code == 200
            yield service
        finally:
            if process.poll() is None:
                service.stop()
