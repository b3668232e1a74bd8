"""The guard: what a new model must not look like, beside the one that readers see, to be published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.quality import Quality
from recommender.settings import Settings

__all__ = ["Finding", "inspect"]

_ENOUGH = 100
"""Articles from which on shares and distributions are more than chance."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of a model that is beyond its limit.

    Attributes
    ----------
    figure : str
        What was measured, in plain words.
    value, limit : float
    before : float or None
        The same of the version that readers see; None where the figure compares the two itself.
    setting : str
        The name of the setting that the limit comes from.
    """

    figure: str
    value: float
    limit: float
    before: float | None
    setting: str

    def __str__(self) -> str:
        """Return one clause for a person."""
        beyond = "at least" if self.value < self.limit else "at most"
        before = "" if self.before is None else f", was {self.before:.4g}"
        return f"{self.figure} {self.value:.4g} (must be {beyond} {self.limit:.4g}{before})"


def inspect(quality: Quality, before: Mapping[str, Any] | None, settings: Settings) -> list[Finding]:
    """Return what is wrong with a model.

    Parameters
    ----------
    quality : Quality
        Of the new model.
    before : mapping, optional
        The quality of the version that readers see, as kept with it; without one nothing is compared.
    settings : Settings
    """
    if not before:
        return []
    checks = [*_counts(quality, before, settings)]
    if min(quality.articles, before["articles"]) >= _ENOUGH:
        checks += [*_texts(quality, before, settings), *_lists(quality, before, settings)]
    return [check for check in checks if check]


def _counts(quality: Quality, before: Mapping[str, Any], settings: Settings) -> Iterator[Finding | None]:
    least, then = settings.guard_articles, before["articles"]
    yield _least("articles", quality.articles, least * then, then, "guard_articles")
    then = before["articles"] * before["coverage"]
    yield _least("articles with a list", quality.articles * quality.coverage, least * then, then, "guard_articles")


def _texts(quality: Quality, before: Mapping[str, Any], settings: Settings) -> Iterator[Finding | None]:
    then = before["with_text"]
    yield _least("share with text", quality.with_text, then - settings.guard_text, then, "guard_text")
    then, least = before["words"], settings.guard_words
    yield _least("words an article", quality.words, least * then, then, "guard_words")
    if least:
        yield _most("words an article", quality.words, then / least, then, "guard_words")
    then = before.get("garbled", 0.0)  # versions from before this was looked at have none
    yield _most("share in a wrong encoding", quality.garbled, then + settings.guard_garbled, then, "guard_garbled")
    if quality.kept is not None and quality.known_words is not None:
        yield _least("share of the articles before", quality.kept, settings.guard_kept, None, "guard_kept")
        known = quality.known_words
        yield _least("share of known words", known, settings.guard_known_words, None, "guard_known_words")
    for name in ("sections", "languages"):
        moved = _distance(getattr(quality, name), before[name])
        yield _most(f"share moved between {name}", moved, settings.guard_mix, None, "guard_mix")


def _lists(quality: Quality, before: Mapping[str, Any], settings: Settings) -> Iterator[Finding | None]:
    then = before["coverage"]
    yield _least("share with a list", quality.coverage, then - settings.guard_coverage, then, "guard_coverage")
    apart = _apart(quality.nearest, before["nearest"])
    yield _most("difference in nearness", apart, settings.guard_nearest, None, "guard_nearest")
    if quality.overlap is not None:
        yield _least("overlap with the lists before", quality.overlap, settings.guard_overlap, None, "guard_overlap")
    copies, then = (of / articles for of, articles in _copies(quality, before))
    yield _most("share of copies", copies, then + settings.guard_copies, then, "guard_copies")
    size, then = quality.size_kb, before["size_kb"]
    yield _most("KB an article on disk", size, settings.guard_size * then, then, "guard_size")


def _copies(quality: Quality, before: Mapping[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    return (quality.copies, quality.articles), (before["copies"], before["articles"])


def _least(figure: str, value: float, limit: float, before: float | None, setting: str) -> Finding | None:
    return Finding(figure, value, limit, before, setting) if value < limit else None


def _most(figure: str, value: float, limit: float, before: float | None, setting: str) -> Finding | None:
    return Finding(figure, value, limit, before, setting) if value > limit else None


def _distance(now: Mapping[str, float], then: Mapping[str, float]) -> float:
    """Return the share that would have to move to turn one mix into the other (total variation)."""
    return sum(abs(now.get(name, 0) - then.get(name, 0)) for name in {*now, *then}) / 2


def _apart(now: list[float], then: list[float]) -> float:
    """Return the largest difference of two cumulated histograms (Kolmogorov-Smirnov)."""
    gap = total = 0.0
    for one, other in zip(now, then, strict=True):
        total += one - other
        gap = max(gap, abs(total))
    return gap
