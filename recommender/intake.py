"""Where articles come in: into the archive first, which is the truth, then into the catalogue readers see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recommender.archive import Archive, Change
from recommender.article import Article
from recommender.batched import batched
from recommender.card import Card
from recommender.catalogue import Catalogue

__all__ = ["reconcile", "take_in", "withdraw"]

_BATCH = 1000


def take_in(articles: Sequence[Article], archive: Archive, catalogue: Catalogue) -> Counter[Change]:
    """Store articles and show or withdraw them; say how many were new, changed, unchanged or withdrawn.

    When Redis fails half-way, the same call again completes it.

    Raises
    ------
    redis.exceptions.RedisError
        When the catalogue did not take them all.
    """
    changes = archive.put(articles)
    final = {article.id: article for article in articles}.values()
    catalogue.remove([article.id for article in final if article.withdrawn])
    catalogue.put(Card.of(article) for article in final if not article.withdrawn)
    return changes


def withdraw(article_id: str, archive: Archive, catalogue: Catalogue) -> bool:
    """Take an article from every list for good; tell whether it was known."""
    known = archive.withdraw(article_id)
    catalogue.remove([article_id])
    return known


def reconcile(archive: Archive, catalogue: Catalogue) -> int:
    """Bring the catalogue in line with the archive, after Redis lost or missed something; return what was mended."""
    mended = catalogue.remove(archive.withdrawn())
    for some in batched(archive.card_texts(), _BATCH):
        # Only what differs is written: an article pushed this very moment must not be set back.
        differing = catalogue.differing(some)
        catalogue.put(differing)
        mended += len(differing)
    return mended
