"""The web server: worker processes that answer requests, until told to stop."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import shutil
import socket
import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import structlog
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from redis.exceptions import RedisError

from recommender.errors import ConfigurationError
from recommender.service import DESK_TIMEOUT_S, open_service
from recommender.settings import Settings, load_settings

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["configure_logs", "make_worker_app", "require_free_port", "serve"]

_BACKLOG = 1024
_KILL_TIMEOUT_S = 10
"""How long a worker may take to finish its last answers once it is told to end."""


def require_free_port(settings: Settings) -> None:
    """Refuse an address that something listens on; the workers' shared sockets would not notice.

    Raises
    ------
    ConfigurationError
        With what to do.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just ended do not matter
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {settings.host} port {settings.port} ({error.strerror}); choose another: --port"
            ) from error


def serve(settings: Settings, redis_url: str) -> None:
    """Serve until SIGINT or SIGTERM; workers that die are started again.

    Settings go to the workers by the environment, which they inherit.
    """
    metrics_dir = settings.data_dir.resolve() / "metrics"
    shutil.rmtree(metrics_dir, ignore_errors=True)
    metrics_dir.mkdir(parents=True)
    os.environ |= _as_environment(settings) | {
        "RECOMMENDER_REDIS_URL": redis_url,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_dir),
    }
    threading.Thread(target=_recount, args=(settings, redis_url), daemon=True).start()
    # This process has threads, which a fork would not survive; a training run before may have chosen otherwise.
    multiprocessing.set_start_method("spawn", force=True)
    Granian(
        "recommender.server:make_worker_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        backlog=_BACKLOG,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_TIMEOUT_S,
        log_access=False,
        log_level=LogLevels.warning,
    ).serve()


def _recount(settings: Settings, redis_url: str) -> None:
    """Let views that were counted before count by today's half-lives too; what fails here, the night makes good."""
    log = structlog.get_logger()
    try:
        with open_service(settings, redis_url) as service:
            if recounted := service.counters.recount(now=time.time()):
                log.info("articles recounted by new half-lives", articles=recounted)
    except RedisError as error:
        log.warning("articles not recounted by new half-lives", reason=str(error))


def make_worker_app() -> Flask:
    """Make the application of one worker process, which keeps its connections until it ends, and closes them then."""
    # Not before now: the metrics of worker processes are added up only if the library finds the directory set by
    # `serve` in the environment when it is imported.
    from recommender.web import create_app  # noqa: PLC0415

    os.setpgrp()  # a Ctrl-C in the terminal is for `serve` alone, which ends its workers: told twice, they hang
    configure_logs()
    settings = load_settings()
    assert settings.redis_url  # noqa: S101 - for the type checker; `serve` set it
    address = settings.redis_url.get_secret_value()
    stack = ExitStack()
    atexit.register(stack.close)
    service = stack.enter_context(open_service(settings, address, timeout_s=settings.redis_timeout_ms / 1000))
    editors_service = stack.enter_context(open_service(settings, address, timeout_s=DESK_TIMEOUT_S))
    return create_app(service, editors_service)


def configure_logs() -> None:
    """Log to standard error, one line an event: coloured on a terminal, JSON elsewhere."""
    # Plain tracebacks: the values of local variables could be a visitor's, or secret.
    render: list[structlog.types.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), *render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _as_environment(settings: Settings) -> dict[str, str]:
    def text(value: Any) -> str:
        if isinstance(value, tuple):
            return ",".join(map(str, value))
        return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)

    return {f"RECOMMENDER_{name.upper()}": text(value) for name, value in settings if value is not None}
