"""What changed in the lists from one version to another."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, Field

from recommender.batched import batched
from recommender.errors import RecommenderError
from recommender.related.lists import Lists

__all__ = ["Difference", "ListChange", "diff"]

_SHOWN = 10
_BATCH = 500


class ListChange(BaseModel):
    """How one article's list changed, as far as a box may show it."""

    article_id: str
    came: list[str] = Field(description="among the first ten now, and not before; best first")
    went: list[str] = Field(description="among the first ten before, and not now")
    overlap: float = Field(description="share of the first ten that stayed")


class Difference(BaseModel):
    """What changed in the lists of some articles."""

    old: str
    new: str
    articles: int = Field(description="articles that were compared")
    changed: int = Field(description="those whose first ten are others")
    overlap: float = Field(description="mean share of the first ten that stayed")
    changes: list[ListChange] = Field(description="in the order of the articles asked for")


def diff(lists: Lists, old: str, new: str, ids: Iterable[str]) -> Difference:
    """Compare the lists of articles, such as the most read, in two versions that are kept.

    Raises
    ------
    RecommenderError
        When one of the versions is not kept.
    """
    kept = lists.versions()
    for version in (old, new):
        if version not in kept:
            raise RecommenderError(f"version {version} is not kept; kept are: {', '.join(kept) or 'none'}")
    changes, shares = [], []
    for some in batched(ids, _BATCH):
        before, after = lists.read_all(old, some), lists.read_all(new, some)
        for article_id in some:
            then, now = list(before[article_id])[:_SHOWN], list(after[article_id])[:_SHOWN]
            share = len({*then} & {*now}) / max(len(then), len(now)) if then or now else 1.0
            shares.append(share)
            if {*then} != {*now}:
                came, went = [one for one in now if one not in then], [one for one in then if one not in now]
                changes.append(ListChange(article_id=article_id, came=came, went=went, overlap=round(share, 4)))
    mean = round(sum(shares) / len(shares), 4) if shares else 1.0
    return Difference(old=old, new=new, articles=len(shares), changed=len(changes), overlap=mean, changes=changes)
