"""Conflicts: why readers do not see a correction as it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from recommender.card import Card
from recommender.desk.correction import Correction

__all__ = ["notes"]


def notes(corrections: Sequence[Correction], cards: Mapping[str, Card], now: datetime) -> dict[str, str]:
    """Return what stands in the way of corrections, by their id; those in whose way nothing stands are left out.

    Parameters
    ----------
    corrections : sequence of Correction
        The newest first.
    cards : mapping of article id to Card
        Of the articles that are not withdrawn.
    now : datetime
    """
    standing = [one for one in corrections if one.state_at(now) == "in force"]
    sensitive = {one.article_id for one in standing if one.kind == "sensitive"}
    found = {}
    for one in corrections:
        card = cards.get(one.article_id)
        if one.state_at(now) == "over":
            continue
        if card is None:
            found[one.id] = "The article is withdrawn, so no list shows it."
        elif one.beside and one.beside not in cards:
            found[one.id] = "The article whose list it is about is withdrawn."
        elif one.kind in {"pin", "boost"} and (note := _in_its_way(one, standing, card, sensitive)):
            found[one.id] = note
    return found


def _in_its_way(one: Correction, standing: Sequence[Correction], card: Card, sensitive: set[str]) -> str | None:
    others = [other for other in standing if other.id != one.id and _meet(one, other)]
    if any(other.kind == "ban" and other.article_id == one.article_id for other in others):
        return "A ban of the same article outdoes it."
    if one.box != "related" and (card.sensitive or one.article_id in sensitive):
        return "The article is sensitive, so Trending does not show it."
    newer = [other for other in others if other.kind == one.kind and other.made_at > one.made_at]
    if any(other.article_id == one.article_id for other in newer):
        return f"A newer {one.kind} of the same article counts instead."
    if one.kind == "pin" and any(other.position == one.position for other in newer):
        return f"A newer pin has place {one.position}; this one takes the next free place below."
    return None


def _meet(one: Correction, other: Correction) -> bool:
    """Tell whether two corrections hold in a list together."""
    related = "trending" not in {one.box, other.box} and _overlap(one.beside, other.beside)
    return related or ("related" not in {one.box, other.box} and _overlap(one.section_key, other.section_key))


def _overlap(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
