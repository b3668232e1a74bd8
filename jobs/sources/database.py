"""Articles out of a database, by the rows of one query."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from jobs.progress import Tick
from jobs.sources.records import REQUIRED_FIELDS, Record
from recommender.errors import SourceError

__all__ = ["read_database"]

_ROWS_AT_ONCE = 1000


def read_database(address: str, query: str | None, tick: Tick) -> Iterator[Record]:
    """Yield every row of a query whose columns are named as the fields of an article; nothing is ever committed.

    Parameters
    ----------
    address : str
        A database URL as SQLAlchemy takes it.
    query : str or None
        SQL, sent to the database as it stands.
    tick : callable
        Called with the number of rows read.

    Raises
    ------
    SourceError
        When there is no query, the database cannot be reached, or it refuses the query; never with the password.
    """
    url = _parsed(address)
    if not query or not query.strip():
        raise SourceError(f"{_shown(url)} is a database; say with --query which rows to read")
    with _clear_errors(url):
        # Colons and per cent signs of the query are the database's business, not parameters.
        options = {"no_parameters": True, "stream_results": True, "yield_per": _ROWS_AT_ONCE}
        with create_engine(url, poolclass=NullPool).connect() as connection:
            result = connection.execution_options(**options).exec_driver_sql(query)
            columns = list(result.keys()) if result.returns_rows else []
            _check_columns(url, columns)
            for number, row in enumerate(result, 1):
                yield Record(f"row {number}", dict(zip(columns, map(_plain, row), strict=True)))
                if number % _ROWS_AT_ONCE == 0:
                    tick(number, None)


def _parsed(address: str) -> URL:
    scheme = address.partition("://")[0]
    try:
        url = make_url(address)
        url.get_dialect()
    except NoSuchModuleError as error:
        raise SourceError(f"{scheme}:// is neither a web address nor a database that SQLAlchemy knows") from error
    except (ArgumentError, ValueError) as error:
        raise SourceError(f"the {scheme}:// address is not a database URL: scheme://user:password@host/name") from error
    if url.get_backend_name() == "sqlite" and _missing(url.database):
        raise SourceError(f"no such file: {url.database}")
    return url


def _missing(database: str | None) -> bool:
    """Tell whether SQLite would create the file."""
    return (
        database is not None
        and database not in {"", ":memory:"}
        and not database.startswith("file:")
        and not Path(database).exists()
    )


def _shown(url: URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _clear_errors(url: URL) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise SourceError(f"{url.drivername} needs the Python package {error.name}; install it first") from error
    except SQLAlchemyError as error:
        problem = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        # The error itself may name the password, so it is not chained.
        raise SourceError(f"{_shown(url)}: {_without_secrets(problem, url)}") from None


def _without_secrets(text: str, url: URL) -> str:
    """Blank out the password, and whatever else the driver is told behind the question mark."""
    told = [value for values in url.query.values() for value in ([values] if isinstance(values, str) else values)]
    for secret in filter(None, [url.password, *told]):
        text = text.replace(str(secret), "***")
    return text


def _check_columns(url: URL, columns: list[str]) -> None:
    missing = [field for field in REQUIRED_FIELDS if field not in columns]
    if missing:
        raise SourceError(
            f"{_shown(url)}: the query returns no column {', '.join(missing)}; name columns as fields of an article, "
            "for example: SELECT headline AS title"
        )


def _plain(value: Any) -> Any:
    """Return ids as text, which some databases deliver as objects."""
    return str(value) if isinstance(value, uuid.UUID | Decimal) else value
