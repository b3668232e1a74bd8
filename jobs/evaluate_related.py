"""Quality of the related ranking on a data set with judgements or labels, beside scikit-learn's defaults."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import pearsonr, spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import average_precision_score, dcg_score
from sklearn.preprocessing import MultiLabelBinarizer

from jobs.fitting import Step, fit, in_memory
from jobs.sources import Record, read_source
from recommender.article import Article, parse_article
from recommender.errors import ArticleError, SourceError
from recommender.related.model import Model
from recommender.settings import Settings

__all__ = ["evaluate_judgements", "evaluate_labels", "read_articles"]

Figures = dict[str, float]

_BLOCK = 256
_STAND_IN = {"title": "-", "url": "https://news.example/"}
"""For records without a title or an address, which do not matter here; a dash is no word."""


def read_articles(path: Path) -> list[Article]:
    """Read the articles of a data set, of which only the id and some text are needed.

    Raises
    ------
    SourceError
        When it cannot be read, or a record is no article.
    """
    articles = []
    for record in read_source(str(path)):
        if not isinstance(record, Record):
            raise SourceError(f"{path}, {record.where}: {record.reason}")
        fields = json.loads(record.fields) if isinstance(record.fields, bytes) else record.fields
        try:
            articles.append(parse_article(_STAND_IN | {name: value for name, value in fields.items() if value}))
        except ArticleError as error:
            raise SourceError(f"{path}, {record.where}: {error}") from error
    return articles


def evaluate_judgements(
    articles: Sequence[Article],
    background: Sequence[Article],
    judgements: Path,
    *,
    as_served: bool,
    settings: Settings,
    now: datetime,
    step: Step,
) -> dict[str, Figures]:
    """Compare with similarities that people judged (CSV: ``article_id,other_id,similarity``).

    Returns
    -------
    dict
        Under ``product`` and ``defaults``: ``pearson`` and ``spearman`` over the pairs, and ``ndcg_at_5`` with the
        similarity as gain, over each article's judged others.

    Raises
    ------
    SourceError
        When the file names other columns, an unknown article, or no number.
    """
    places = {article.id: place for place, article in enumerate(articles)}
    pairs = [
        (_place(places, row["article_id"], judgements), _place(places, row["other_id"], judgements), row["similarity"])
        for row in _rows(judgements, ("article_id", "other_id", "similarity"))
    ]
    ones, others = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    try:
        judged = np.array([float(similarity) for *_, similarity in pairs])
    except ValueError as error:
        raise SourceError(f"{judgements}: {error}") from error
    gains = np.zeros((len(articles), len(articles)))
    gains[ones, others] = gains[others, ones] = judged

    def figures(similar: NDArray[np.float64]) -> Figures:
        scores = similar[ones, others]
        ndcg = [_ndcg(gains[one], similar[one], one, 5) for one in np.unique(np.concatenate((ones, others)))]
        return {
            "pearson": _rounded(pearsonr(scores, judged).statistic),
            "spearman": _rounded(spearmanr(scores, judged).statistic),
            "ndcg_at_5": _rounded(np.mean(ndcg)),
        }

    rankings = _rankings(articles, background, as_served=as_served, settings=settings, now=now, step=step)
    every = np.arange(len(articles))
    return {name: figures(similarities.of(every)) for name, similarities in rankings.items()}


def evaluate_labels(
    articles: Sequence[Article],
    background: Sequence[Article],
    labels: Path,
    *,
    as_served: bool,
    settings: Settings,
    now: datetime,
    step: Step,
) -> dict[str, Figures]:
    """Compare with labels (CSV: ``article_id,label``): two articles that share one are relevant to each other.

    Returns
    -------
    dict
        Under ``product`` and ``defaults``: ``p_at_1``, ``p_at_5`` (of as many as exist), ``map`` and ``ndcg_at_10``,
        over the articles that have a relevant one, the article itself left out.

    Raises
    ------
    SourceError
        When the file names other columns or an unknown article.
    """
    places = {article.id: place for place, article in enumerate(articles)}
    names: list[set[str]] = [set() for _ in articles]
    for row in _rows(labels, ("article_id", "label")):
        names[_place(places, row["article_id"], labels)].add(row["label"])
    marks = csr_matrix(MultiLabelBinarizer(sparse_output=True).fit_transform(names), dtype=np.int32)
    rankings = _rankings(articles, background, as_served=as_served, settings=settings, now=now, step=step)
    found: dict[str, list[Figures]] = defaultdict(list)
    with step("score", len(articles)) as tick:
        for start in range(0, len(articles), _BLOCK):
            block = np.arange(start, min(start + _BLOCK, len(articles)))
            relevant = (marks[block] @ marks.T).toarray() > 0
            relevant[np.arange(len(block)), block] = False
            for name, similarities in rankings.items():
                similar = similarities.of(block)
                found[name] += [
                    _label_figures(similar[row], relevant[row], block[row])
                    for row in np.flatnonzero(relevant.any(axis=1))
                ]
            tick(start + len(block))
    if not any(found.values()):
        raise SourceError(f"{labels}: no two articles share a label")
    return {name: _means(figures) for name, figures in found.items()}


class _Cosines:
    """Similarities by the product of rows of length 1."""

    def __init__(self, rows: csr_matrix, count: int) -> None:
        self._rows = rows[:count]

    def of(self, block: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the similarities of some articles with all, shape (b, n)."""
        dense: NDArray[np.float64] = (self._rows[block] @ self._rows.T).toarray().astype(np.float64)
        return dense


class _Served:
    """Similarities by the lists that readers see; 0 for what is not listed."""

    def __init__(self, model: Model, count: int) -> None:
        self._listed = model.listed
        self._count = count

    def of(self, block: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the scores of some articles' lists among all, shape (b, n)."""
        dense = np.zeros((len(block), self._count))
        for row, place in enumerate(block):
            inside = (self._listed.indices[place] >= 0) & (self._listed.indices[place] < self._count)
            dense[row, self._listed.indices[place][inside]] = self._listed.cosines[place][inside]
        return dense


def _rankings(
    articles: Sequence[Article],
    background: Sequence[Article],
    *,
    as_served: bool,
    settings: Settings,
    now: datetime,
    step: Step,
) -> Mapping[str, _Cosines | _Served]:
    every = [*articles, *background]
    model = fit(*in_memory(every), settings=settings, now=now, step=step).model
    with step("fit scikit-learn's defaults", len(every)):
        texts = ["\n".join((_title(article), article.summary, article.body)) for article in every]
        defaults = csr_matrix(TfidfVectorizer().fit_transform(texts))
    count = len(articles)
    product = _Served(model, count) if as_served else _Cosines(model.expanded, count)
    return {"product": product, "defaults": _Cosines(defaults, count)}


def _title(article: Article) -> str:
    return "" if article.title == _STAND_IN["title"] else article.title


def _label_figures(similar: NDArray[np.float64], relevant: NDArray[np.bool_], itself: int) -> Figures:
    others = np.arange(len(similar)) != itself
    similar, relevant = similar[others], relevant[others]
    first = np.argsort(-similar, kind="stable")[:10]
    hits = relevant[first]
    return {
        "p_at_1": float(hits[0]),
        "p_at_5": hits[:5].sum() / min(5, relevant.sum()),
        "map": float(average_precision_score(relevant, similar)),
        "ndcg_at_10": _dcg(hits) / _dcg(np.ones(min(10, relevant.sum()))),
    }


def _dcg(gains: NDArray[Any]) -> float:
    """Sum gains in the order listed, discounted by log2(place + 1) (Järvelin and Kekäläinen 2002)."""
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def _ndcg(gains: NDArray[np.float64], similar: NDArray[np.float64], itself: int, k: int) -> float:
    others = np.arange(len(gains)) != itself
    gains, similar = gains[None, others], similar[None, others]
    ideal = dcg_score(gains, gains, k=k)
    return float(dcg_score(gains, similar, k=k) / ideal) if ideal else 0.0


def _means(figures: Sequence[Figures]) -> Figures:
    return {name: _rounded(np.mean([one[name] for one in figures])) for name in figures[0]}


def _rounded(figure: Any) -> float:
    return round(float(figure), 4)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
                raise SourceError(f"{path} has no column {', '.join(missing)}")
            yield from reader
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def _place(places: Mapping[str, int], article_id: str, path: Path) -> int:
    if article_id not in places:
        raise SourceError(f"{path} names {article_id}, which is not among the articles")
    return places[article_id]
