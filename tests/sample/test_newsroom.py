"""The sample newsroom that ships."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from recommender.article import Article
from recommender.related.copies import fingerprint
from recommender.sample import captions, sample_articles
from recommender.text.plain import plain_text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SITE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return list(sample_articles(SITE, NOW))


def test_it_is_a_newsroom_of_a_hundred_and_twenty_articles(articles: list[Article]) -> None:
    """At least 120 articles, no two alike, in at least six sections and 24 running stories of 3 to 8 articles."""
    assert len(articles) >= 120
    assert len({article.id for article in articles}) == len({article.title for article in articles}) == len(articles)
    assert len({fingerprint(article) for article in articles}) == len(articles)
    assert len({article.section for article in articles}) >= 6
    stories = [tomllib.loads(file.read_text()) for file in files("recommender.sample").joinpath("stories").iterdir()]
    assert len(stories) >= 24
    assert all(3 <= len(story["article"]) <= 8 for story in stories)


def test_its_articles_are_as_long_as_news_is(articles: list[Article]) -> None:
    """A hundred to four hundred words each, but for one flash of a few words."""
    lengths = Counter("short" if len(plain_text(article.body).split()) < 100 else "full" for article in articles)
    assert lengths["short"] == 1
    assert max(len(plain_text(article.body).split()) for article in articles) <= 400


def test_it_has_the_awkward_cases(articles: list[Article]) -> None:
    """Three other languages, umlauts, quotation marks, attributes and entities in HTML."""
    assert {article.language for article in articles} == {"en", "de", "fr", "es"}
    bodies = " ".join(article.body for article in articles)
    for awkward in ("ü", "“", "«", "&", "<table", "<h2"):
        assert awkward in bodies


def test_it_has_two_near_copies(articles: list[Article]) -> None:
    """An update repeats nearly every word of the article before it."""
    words = {
        article.id: set(re.findall(r"\w+", "\n".join((article.title, article.summary, plain_text(article.body)))))
        for article in articles
    }
    near = [
        (one, other)
        for one in words
        for other in words
        if one < other and len(words[one] & words[other]) > 0.8 * len(words[one] | words[other])
    ]
    assert len(near) == 1


def test_it_is_dated_relative_to_now(articles: list[Article]) -> None:
    """The newest article is a few hours old at most, the oldest a month, and no two came out together."""
    ages = sorted(NOW - article.published_at for article in articles if article.published_at)
    assert len(set(ages)) == len(articles)
    assert ages[0] < timedelta(hours=3)
    assert ages[-1] < timedelta(days=32)


def test_its_pages_and_pictures_are_where_it_runs(articles: list[Article]) -> None:
    """Addresses of articles and pictures lead to the site that was asked for; most pictures have a caption."""
    assert all(article.url == f"{SITE}/articles/{article.id}" for article in articles)
    assert all(article.image_url == f"{SITE}/pictures/{article.id}.svg" for article in articles)
    assert len(captions()) > 100
    assert set(captions()) <= {article.id for article in articles}
