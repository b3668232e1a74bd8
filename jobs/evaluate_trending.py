"""How well Trending foretells the next hour on a log of views, beside every simple rule."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from jobs.evaluate_related import read_articles
from jobs.foretelling import Learner
from jobs.progress import Tick
from recommender.errors import SourceError
from recommender.settings import Settings
from recommender.trending.charts import SHORTEST
from recommender.trending.choice import Choice
from recommender.trending.ranks import RISING, rising_pace, rising_scores
from recommender.trending.replay import Hour, Log, hours
from recommender.trending.tempo import DAY_S, HOUR_S

__all__ = ["evaluate_trending", "read_log"]

Floats = NDArray[np.float64]
Figures = dict[str, dict[str, float] | int]

_WARM_UP_S = 14 * DAY_S
_REDDIT_S = 45_000
_TICK_ROWS = 50_000


def read_log(views: Path, articles: Path | None, tick: Tick) -> Log:
    """Read a log of views (CSV: ``timestamp,article_id[,visitor_id][,count]``; also .gz), and dates of articles.

    Raises
    ------
    SourceError
        When it cannot be read, names other columns, or a row has no time or count.
    """
    times, names, counts = [], [], []
    with _opened(views) as file:
        reader = csv.DictReader(file)
        if missing := {"timestamp", "article_id"}.difference(reader.fieldnames or ()):
            raise SourceError(f"{views} has no column {', '.join(sorted(missing))}")
        for row in reader:
            try:
                times.append(_seconds(row["timestamp"]))
                counts.append(float(row.get("count") or 1))
            except ValueError as error:
                raise SourceError(f"{views}, line {reader.line_num}: {error}") from error
            names.append(row["article_id"])
            if reader.line_num % _TICK_ROWS == 0:
                tick(reader.line_num)
    if not times:
        raise SourceError(f"{views} has no views")
    order = np.argsort(np.array(times), kind="stable")
    ids, places = np.unique(np.array(names), return_inverse=True)
    moments = np.array(times)[order]
    born = np.full(len(ids), np.inf)
    np.minimum.at(born, places[order], moments)
    dates = {
        article.id: article.published_at.timestamp()
        for article in (read_articles(articles) if articles else [])
        if article.published_at
    }
    return Log(
        times=moments,
        articles=places[order].astype(np.int64),
        counts=np.array(counts)[order],
        born=np.array([dates.get(str(name), first) for name, first in zip(ids, born, strict=True)]),
    )


def evaluate_trending(log: Log, *, horizon_s: float = HOUR_S, since: float | None = None, tick: Tick) -> Figures:
    """Score every rank the product serves, and every simple rule, from 14 days after the first view on.

    What is used is learned anew at each midnight (UTC) from the days before it, as every night does on a site.

    ``trained`` is what the weights say, used or not, and the formula until there are any; it is left out where there
    never are.

    Returns
    -------
    dict
        ``p_at_10`` and ``captured``, the mean share of the true ten's views, by rank; ``windows``, how many hours.

    Raises
    ------
    SourceError
        When no hour has enough views.
    """
    start = max(log.times[0] + _WARM_UP_S, since or 0.0)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    learner, choice, day, weighed = Learner(horizon_s), Choice(), 0, False
    for hour in hours(log, since=0.0, horizon_s=horizon_s):
        if (today := int(hour.now // DAY_S)) != day:
            choice, day = learner.choose(today * DAY_S, choice), today
        if hour.telling and hour.now >= start:
            for name, score in _scores(log, hour, choice).items():
                found[name].append(hour.hits(score))
            weighed = weighed or choice.trained is not None
        learner.learn(hour)
        tick(int(hour.now - log.times[0]), int(log.times[-1] - log.times[0]))
    if not found:
        raise SourceError("no hour from 14 days after the first view on has 20 views of 10 articles")
    if not weighed:
        del found["trained"]
    figures: Figures = {name: {"p_at_10": _mean(hits, 0), "captured": _mean(hits, 1)} for name, hits in found.items()}
    return figures | {"windows": len(found["trending"])}


def _scores(log: Log, hour: Hour, choice: Choice) -> Mapping[str, Floats]:
    day = log.between(hour.now - DAY_S, hour.now)[hour.articles]
    return {
        "trending": hour.score(choice.tempo),
        "trained": hour.score(choice.trained or choice.formula),
        "most_viewed": day,
        "rising": _rising(hour),
        "all_time": hour.ever,
        "last_hour": log.between(hour.now - HOUR_S, hour.now)[hour.articles],
        "last_24h": day,
        "newest": -hour.ages,
        "decay_6h": hour.decayed["24h"],
        "hacker_news": np.maximum(hour.ever - 1, 0) / (hour.ages + 2) ** 1.8,
        "reddit": np.log10(np.maximum(hour.ever, 1)) + log.born[hour.articles] / _REDDIT_S,
    }


def _rising(hour: Hour) -> Floats:
    """Score what is rising as ``auto`` ranks it, by the settings' defaults."""
    late, usual = RISING[SHORTEST]
    return rising_scores(
        hour.decayed[late],
        hour.decayed[usual],
        pace=rising_pace(SHORTEST),
        least=Settings.model_fields["rising_least_views"].default,
        prior=Settings.model_fields["rising_prior_views"].default,
    )


def _mean(hits: list[tuple[float, float]], part: int) -> float:
    return round(float(np.mean([hit[part] for hit in hits])), 4)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _opened(path: Path) -> IO[str]:
    opener: Callable[..., IO[str]] = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8-sig", newline="")
