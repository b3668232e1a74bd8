"""Articles for tests."""

from __future__ import annotations

from typing import Any

from recommender.article import Article, parse_article


def article(article_id: str, **fields: Any) -> Article:
    """Return an article with this id; title and address are made up unless given."""
    made_up = {"id": article_id, "title": f"Title of {article_id}", "url": "https://news.example/a"}
    return parse_article(made_up | fields)
