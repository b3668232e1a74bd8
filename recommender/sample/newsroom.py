"""The sample newsroom: original articles about an invented country, dated relative to now."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from recommender.article import Article, parse_article

__all__ = ["captions", "sample_articles"]


def sample_articles(site_url: str, now: datetime) -> Iterator[Article]:
    """Yield the articles as a newsroom at ``site_url`` would have published them up to ``now`` (with zone)."""
    for record in _records():
        path = quote(record["id"], safe="")
        yield parse_article(
            record
            | {
                "url": f"{site_url}/articles/{path}",
                "image_url": f"{site_url}/pictures/{path}.svg",
                "published_at": now - timedelta(hours=record["hours_ago"]),
            }
        )


@cache
def captions() -> Mapping[str, str]:
    """Return the caption of each article's picture, by article id."""
    return {record["id"]: record["caption"] for record in _records() if "caption" in record}


@cache
def _records() -> tuple[dict[str, Any], ...]:
    """Read the stories; each article has its story's section unless it names its own."""
    records: list[dict[str, Any]] = []
    stories = [file for file in files(__package__).joinpath("stories").iterdir() if file.name.endswith(".toml")]
    for file in sorted(stories, key=lambda file: file.name):
        story = tomllib.loads(file.read_text(encoding="utf-8"))
        records += [{"section": story["section"], "language": "en"} | article for article in story["article"]]
    return tuple(records)
