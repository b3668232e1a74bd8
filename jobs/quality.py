"""The quality report of a model: what one wants to know before trusting it, as figures and as a page with plots."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from recommender.related.model import Model

__all__ = ["Hub", "Quality", "measure", "write_report"]

_SHOWN = 10
"""Places of a list that are looked at: more than any box shows."""
_HUBS = 10
_FEW_WORDS = 10
"""Different words below which an article has no text to speak of."""
_BINS = 20
_MIX = 30
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Hub:
    """An article that stands in many lists."""

    id: str
    lists: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of one model's lists, of which the first ten places are looked at.

    Attributes
    ----------
    articles : int
    coverage : float
        Share of articles with a list.
    full : float
        Share of articles whose list has ten or more.
    mean_top1, mean_top10 : float
        Mean cosine of the first, and of the first ten, by expanded words.
    median_age_days : float or None
        Median age of what is listed, where dates are known.
    listed_younger : float or None
        Share of listed articles that are younger than the one beside which they stand, or at most 30 days older.
    copies : int
        Articles for which another stands as their copy.
    reached : float
        Share of articles that stand in some list, themselves or by their copy.
    hubs : list of Hub
        Those in the most lists.
    overlap : float or None
        Mean share of an article's list that was in its list before; None without a model before.
    with_text : float
        Share of articles with ten different words or more.
    words : float
        Mean number of different words of an article.
    nearest : list of float
        Share of articles by the cosine of their first, in twenty steps from 0 to 1.
    sections, languages : dict of str to float
        Share of articles in each of the thirty largest.
    kept : float or None
        Share of the articles of the model before that are still there.
    known_words : float or None
        Share of the words of articles that the model before knew.
    size_kb : float
        Kilobytes of the model's numbers an article.
    garbled : float
        Share of articles that look as if read in the wrong encoding.
    """

    articles: int
    coverage: float
    full: float
    mean_top1: float
    mean_top10: float
    median_age_days: float | None
    listed_younger: float | None
    copies: int
    reached: float
    hubs: list[Hub]
    overlap: float | None
    with_text: float
    words: float
    nearest: list[float]
    sections: dict[str, float]
    languages: dict[str, float]
    kept: float | None
    known_words: float | None
    size_kb: float
    garbled: float


def measure(model: Model, before: Model | None, garbled: float) -> Quality:
    """Measure a model's lists, and how much of them was in the lists of the model before.

    Parameters
    ----------
    model : Model
    before : Model or None
    garbled : float
        Share of the articles that look as if read in the wrong encoding.
    """
    shown = model.listed.indices[:, :_SHOWN]
    there = shown >= 0
    counts = there.sum(axis=1)
    n = max(1, len(shown))
    words = np.diff(model.rows.indptr)
    cosines = _cosines(model)
    times = _times_listed(model)
    dated = there & (model.published[shown] > 0) & (model.published > 0)[:, None]
    ages = (model.ranked_at - model.published[shown][dated]) / _DAY_S
    later = (model.published[:, None] - model.published[shown])[dated] / _DAY_S
    return Quality(
        articles=len(shown),
        coverage=_rounded((counts > 0).sum() / n),
        full=_rounded((counts == _SHOWN).sum() / n),
        mean_top1=_rounded(cosines[:, :1][there[:, :1]].mean() if there.any() else 0),
        mean_top10=_rounded(cosines[there].mean() if there.any() else 0),
        median_age_days=_rounded(float(np.median(ages))) if len(ages) else None,
        listed_younger=_rounded((later <= 30).mean()) if len(later) else None,  # noqa: PLR2004 - as documented
        copies=int(np.count_nonzero(model.stand_ins != np.arange(len(shown)))),
        reached=_rounded((times[model.stand_ins] > 0).mean() if len(times) else 0),
        hubs=[Hub(model.ids[place], int(times[place])) for place in np.argsort(-times, kind="stable")[:_HUBS]],
        overlap=_overlap(model, before) if before else None,
        with_text=_rounded((words >= _FEW_WORDS).sum() / n),
        words=_rounded(words.sum() / n),
        nearest=[_rounded(count / n) for count in np.histogram(cosines[:, 0], _BINS, (0, 1))[0]],
        sections=_mix(model.sections),
        languages=_mix(model.languages),
        kept=_rounded(sum(one in model.places for one in before.ids) / max(1, len(before.ids))) if before else None,
        known_words=_known_words(model, before) if before else None,
        size_kb=_rounded(sum(part.nbytes for part in _numbers(model)) / 1000 / n),
        garbled=_rounded(garbled),
    )


def write_report(quality: Quality, model: Model, directory: Path) -> None:
    """Write ``quality.json`` and ``quality.html`` into a directory."""
    (directory / "quality.json").write_text(json.dumps(asdict(quality), indent=1), encoding="utf-8")
    shown = model.listed.indices[:, :_SHOWN]
    there = shown >= 0
    dates = model.published[shown][there]
    ages = (model.ranked_at - dates[dates > 0]) / _DAY_S
    plots = {
        "How near the first listed article is": _plot(_cosines(model)[there[:, 0], 0], "cosine by expanded words"),
        "How many articles a list holds": _plot((model.listed.indices >= 0).sum(axis=1), "articles in the list"),
        "In how many lists an article stands": _plot(_times_listed(model), "lists, among their first ten", log=True),
        "How old listed articles are": _plot(ages, "days when the model was trained"),
    }
    environment = Environment(loader=PackageLoader("jobs", "."), autoescape=True)
    page = environment.get_template("quality.html").render(quality=quality, plots=plots, version=directory.name)
    (directory / "quality.html").write_text(page, encoding="utf-8")


def _cosines(model: Model) -> NDArray[np.float32]:
    """Return the cosines of the first listed by expanded words, 0 where the list has ended."""
    shown, near = model.listed.indices[:, :_SHOWN], model.candidates
    cosines = np.zeros(shown.shape, dtype=np.float32)
    for place in range(shown.shape[1]):
        among = (near.indices == shown[:, [place]]).argmax(axis=1)
        cosines[:, place] = np.take_along_axis(near.cosines, among[:, None], axis=1)[:, 0]
    return np.where(shown >= 0, cosines, 0)


def _times_listed(model: Model) -> NDArray[np.int64]:
    shown = model.listed.indices[:, :_SHOWN]
    return np.bincount(shown[shown >= 0], minlength=len(shown))


def _overlap(model: Model, before: Model) -> float | None:
    places = np.fromiter((model.places.get(one, -1) for one in before.ids), np.int64, len(before.ids))
    kept = np.flatnonzero(places >= 0)
    now, then = model.listed.indices[places[kept], :_SHOWN], before.listed.indices[kept, :_SHOWN]
    moved = np.where(then >= 0, places[then], -1)
    shared = sum(((now == moved[:, [place]]) & (now >= 0)).sum(axis=1) for place in range(moved.shape[1]))
    shorter, longer = np.sort(((now >= 0).sum(axis=1), (then >= 0).sum(axis=1)), axis=0)
    both = shorter > 0
    return _rounded((shared[both] / longer[both]).mean()) if both.any() else None


def _mix(labels: Iterable[str]) -> dict[str, float]:
    counts = Counter(labels)
    return {label: _rounded(count / counts.total()) for label, count in counts.most_common(_MIX)}


def _known_words(model: Model, before: Model) -> float | None:
    known, stems = set(before.lexicon.tfidf.terms_), model.lexicon.tfidf.terms_
    knows = np.fromiter((stem in known for stem in stems), dtype=bool, count=len(stems))
    return _rounded(knows[model.rows.indices].mean()) if model.rows.nnz else None


def _numbers(model: Model) -> Iterable[NDArray[np.generic]]:
    for matrix in (model.rows, model.expanded):
        yield from (matrix.data, matrix.indices, matrix.indptr)
    for lists in (model.candidates, model.listed):
        yield from (lists.indices, lists.cosines)


def _rounded(figure: float) -> float:
    return round(float(figure), 4)


def _plot(values: NDArray[np.generic], label: str, *, log: bool = False) -> Markup:
    """Draw a histogram as SVG in the colour of the text around it."""
    figure = Figure(figsize=(5, 2.6))
    axes: Axes = figure.add_axes((0.18, 0.19, 0.79, 0.76))  # to find the room by itself takes as long as to draw
    numbers = np.asarray(values, dtype=np.float64)
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0.0, 1.0)
    # Numbers that are all alike have no range to divide.
    axes.hist(numbers, bins=40, range=(low, max(high, low + 0.1)), color="#c2410c", log=log)
    axes.set_xlabel(label)
    axes.set_ylabel("number")
    axes.ticklabel_format(axis="x", style="plain")
    axes.spines[["top", "right"]].set_visible(False)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    svg = drawn.getvalue()
    return Markup(svg[svg.index("<svg") :].replace("#000000", "currentColor"))  # noqa: S704 - our own drawing
