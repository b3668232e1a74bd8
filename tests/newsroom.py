"""Articles for tests."""

from __future__ import annotations

from typing import Any

from recommender.article import Article, parse_article

_WORDS = [
    "river",
    "flood",
    "dyke",
    "boat",
    "rain",
    "storm",
    "water",
    "bank",
    "bridge",
    "mayor",
    "rescue",
    "mud",
    "road",
    "school",
    "budget",
    "tunnel",
]


def article(article_id: str, **fields: Any) -> Article:
    """Return an article with this id; title and address are made up unless given."""
    made_up = {"id": article_id, "title": f"Title of {article_id}", "url": "https://news.example/a"}
    return parse_article(made_up | fields)


def by_the_river(number: int, **fields: Any) -> Article:
    """Return one of a few articles that share words, each with some of them more than with others."""
    body = " ".join(_WORDS[number * step % len(_WORDS)] for step in (1, 3, 5, 7))
    made_up = {"title": f"Flood {number}", "url": f"https://n.example/{number}", "body": body}
    return article(f"a{number}", **made_up | fields)
