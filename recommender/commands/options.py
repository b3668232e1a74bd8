"""What the commands share: options, refusals in one line, and the service of a data directory."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import OperationalError
from typing import Any, TypeVar

import click
from redis.exceptions import RedisError

from recommender.errors import RecommenderError
from recommender.service import Service, open_service, redis_address
from recommender.settings import load_settings

__all__ = ["data_dir_option", "existing_file", "json_option", "refusals", "service_of"]

F = TypeVar("F", bound=Callable[..., Any])


data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Directory of all data [default: data]."
)
existing_file = click.Path(path_type=Path, exists=True, dir_okay=False)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")


def refusals(command: F) -> F:
    """Turn what this package, Redis or the disk refuses into exit code 1 and one clear line."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except RecommenderError as error:
            raise click.ClickException(str(error)) from error
        except RedisError as error:
            raise click.ClickException(f"Redis: {error}") from error
        except (OSError, OperationalError) as error:
            raise click.ClickException(f"the disk: {error}") from error

    return guarded  # type: ignore[return-value]


@contextmanager
def service_of(data_dir: Path | None) -> Iterator[Service]:
    """Open the service of a data directory for a command."""
    settings = load_settings(data_dir=data_dir)
    with redis_address(settings) as redis_url, open_service(settings, redis_url) as service:
        yield service
