"""Logs of views that were never read, and the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jobs.evaluate_trending import read_log
from recommender.trending.replay import Log
from recommender.trending.tempo import DAY_S

__all__ = ["START", "fast_site", "part_of", "random_log"]

START = 1_750_032_000.0
"""A midnight, and so a full hour."""


def random_log(seed: int, views: int, articles: int, days: float) -> Log:
    random = np.random.default_rng(seed)
    times = np.sort(START + random.random(views) * days * DAY_S)
    popular = random.zipf(1.3, views) % articles
    places = (popular + (times - START) // (6 * 3600)).astype(np.int64) % articles
    born = np.full(articles, np.inf)
    np.minimum.at(born, places, times)
    return Log(times, places, np.ones(views), born)


def fast_site(seed: int) -> Log:
    """Each hour other articles are read, and none of the hour before the last."""
    random = np.random.default_rng(seed)
    times, places = [], []
    for hour in range(5 * 24):
        for half in range(2):
            chosen = hour * 15 + half * 5 + np.arange(15)
            times.append(np.sort(START + hour * 3600 + half * 1800 + random.random(300) * 1800))
            places.append(random.choice(chosen, 300))
    articles = np.concatenate(places)
    return Log(np.concatenate(times), articles, np.ones(len(articles)), np.full(articles.max() + 1, START - DAY_S))


def part_of(path: Path, first_day: float, last_day: float) -> Log:
    """Return the views of some days of a log, counted from its first."""
    log = read_log(path, None, lambda *_: None)
    start, end = (log.times[0] + day * DAY_S for day in (first_day, last_day))
    part = slice(*np.searchsorted(log.times, (start, end)))
    times, articles = log.times[part], log.articles[part]
    born = np.full(len(log.born), np.inf)
    np.minimum.at(born, articles, times)
    return Log(times, articles, log.counts[part], born)
