"""Pacing: the site's tempo, learned at night from the views of the last fortnight."""

from __future__ import annotations

import numpy as np

from recommender.archive import Archive
from recommender.trending.counters import Counters
from recommender.trending.tempo import DAY_S, Log, Tempo, TempoChoice, hours

__all__ = ["learn_tempo"]


def learn_tempo(counters: Counters, archive: Archive, now: float) -> Tempo:
    """Choose the tempo that would have foretold best, let ``auto`` stand for it, and return it.

    Parameters
    ----------
    counters : Counters
        With a job's time budget.
    archive : Archive
        Knows the articles' dates; others' age counts from their first view.
    now : float
        Unix seconds.
    """
    moments: list[float] = []
    ids: list[str] = []
    counts: list[int] = []
    for moment, views in counters.history.hourly(now=now):
        moments += [moment] * len(views)
        ids += views.keys()
        counts += views.values()
    names, places = np.unique(np.array(ids, dtype=np.str_), return_inverse=True)
    times = np.array(moments, dtype=np.float64)
    born = np.full(len(names), np.inf)
    np.minimum.at(born, places, times)
    dates = archive.published([str(name) for name in names])
    log = Log(
        times=times,
        articles=places.astype(np.int64),
        counts=np.array(counts, dtype=np.float64),
        born=np.array([dates.get(str(name)) or first for name, first in zip(names, born, strict=True)]),
    )
    choice = TempoChoice()
    for hour in hours(log, since=times[0] + DAY_S if len(times) else 0.0):
        choice.learn(hour)
    tempo = choice.choose(now)
    counters.set_tempo(tempo)
    return tempo
