"""Why an article stands in another's list, or why it does not."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, Field

from recommender.archive import Archive
from recommender.article import Article, section_key
from recommender.errors import ModelError, UnknownArticle
from recommender.related.growth import Growth
from recommender.related.model import Candidacy, Model

__all__ = ["Adjustment", "Explanation", "Term", "explain"]

_NOT = "not listed: "


class Term(BaseModel):
    """A word that both articles have, among their own or those of their nearest."""

    term: str
    weight: float = Field(description="the word's part of the cosine")


class Adjustment(BaseModel):
    """One step from the cosine to the score."""

    name: str
    factor: float = Field(description="what the score before is multiplied by")
    score: float = Field(description="the score after it")
    detail: str = Field(description="why, in plain words")


class Explanation(BaseModel):
    """How near an article is to another, and what came of it."""

    article_id: str
    other_id: str
    model: str = Field(description="the version whose lists readers see")
    score: float
    cosine: float
    terms: list[Term] = Field(description="the heaviest first; their weights add up to the cosine")
    adjustments: list[Adjustment] = Field(description="in order; they lead from the cosine to the score")
    listed: bool
    rank: int | None
    reason: str


def explain(growth: Growth, version: str, archive: Archive, article_id: str, other_id: str) -> Explanation:
    """Explain the place of one article in the list of another, by the model of the version that readers see.

    Raises
    ------
    UnknownArticle
        When the archive has not got one of the two.
    ModelError
        When one of them came after the model and is not taken in yet.
    """
    article, other = _known(archive, article_id), _known(archive, other_id)
    places = growth.place(article_id), growth.place(other_id)
    if None in places:
        if article.withdrawn or other.withdrawn:
            return _withdrawn(version, article_id, other_id, itself=not other.withdrawn)
        newer = article_id if places[0] is None else other_id
        raise ModelError(f"{newer} came after version {version} and is not taken in yet: recommender refresh")
    model, _ = growth.part([place for place in places if place is not None])
    one, two = model.places[article_id], model.places[other_id]
    terms = _terms(model, one, two)
    cosine = sum(term.weight for term in terms)
    case = model.candidacy(one, two)
    adjustments = _adjustments(model, case, cosine, two)
    place = np.flatnonzero(model.listed.indices[one] == two)
    reason = _reason(model, case, article, other, place[0] + 1 if len(place) else None)
    listed = bool(len(place)) and not reason.startswith(_NOT)
    return Explanation(
        article_id=article_id,
        other_id=other_id,
        model=version,
        score=adjustments[-1].score,
        cosine=cosine,
        terms=terms,
        adjustments=adjustments,
        listed=listed,
        rank=int(place[0]) + 1 if listed else None,
        reason=reason,
    )


def _known(archive: Archive, article_id: str) -> Article:
    article = archive.get(article_id)
    if article is None:
        raise UnknownArticle(f"no article {article_id}")
    return article


def _withdrawn(version: str, article_id: str, other_id: str, *, itself: bool) -> Explanation:
    """Explain the absence of what was withdrawn, of which nothing is kept."""
    return Explanation(
        article_id=article_id,
        other_id=other_id,
        model=version,
        score=0,
        cosine=0,
        terms=[],
        adjustments=[],
        listed=False,
        rank=None,
        reason=f"{_NOT}{'the article itself' if itself else 'it'} is withdrawn",
    )


def _terms(model: Model, one: int, two: int) -> list[Term]:
    product = model.expanded[[one]].astype(np.float64).multiply(model.expanded[[two]]).tocoo()
    order = np.argsort(-product.data, kind="stable")
    return [Term(term=model.terms[product.col[place]], weight=float(product.data[place])) for place in order]


def _adjustments(model: Model, case: Candidacy, cosine: float, two: int) -> list[Adjustment]:
    way, known = model.ranking, model.published[two] > 0
    days = (model.ranked_at - model.published[two]) / 86_400
    steps = [
        ("readers", case.relevance / cosine if cosine else 1.0, _readers_detail(case)),
        ("freshness", case.freshness, f"{max(days, 0):.1f} days old when ranked" if known else "no date is known"),
        ("section", case.section, "the same section" if case.section > 1 else "no boost"),
        ("variety", case.variety, f"{way.variety:.0%} of its likeness to the most like of those before it"),
    ]
    adjustments, score = [], cosine
    for name, factor, detail in steps:
        score *= factor
        adjustments.append(Adjustment(name=name, factor=factor, score=score, detail=detail))
    return adjustments


def _readers_detail(case: Candidacy) -> str:
    if not case.trust:
        return "too few readers of both: what they say decides alone"
    return f"readers of the one also read the other, {case.choice:.2f} strong, trusted by {case.trust:.0%}"


def _reason(model: Model, case: Candidacy, article: Article, other: Article, place: int | None) -> str:
    """Say the first thing that decides, in plain words."""
    way, one, two = model.ranking, model.places[article.id], model.places[other.id]
    stand_in = int(model.stand_ins[two])
    third = case.stories >= way.story_most
    refusals = (
        (one == two, "an article is not listed beside itself"),
        (other.withdrawn, "it is withdrawn"),
        (
            other.sensitive and (not article.section or section_key(other.section) != section_key(article.section)),
            "it is sensitive and of another section",
        ),
        (case.copy, "it is a copy of the article itself"),
        (stand_in != two, f"it is a copy of {model.ids[stand_in]}, which stands for it"),
        (way.one_language and model.languages[one] != model.languages[two], "it is in another language"),
        (place is None and case.relevance < way.floor, f"its relevance is below the floor of {way.floor:g}"),
        (place is None and third, f"{case.stories} of the same story stand before it, and no more are listed"),
        (place is None, f"beyond the end of the list, which holds {way.keep} at most"),
    )
    for applies, reason in refusals:
        if applies:
            return f"{_NOT}{reason}"
    return f"number {place} of the list"
