"""Pacing: the site's tempo, learned at night from the views of the last month."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jobs.foretelling import RANKED, TRAINED_PAST_S, Learner
from jobs.kept_hours import keep_hours, kept_hours
from recommender.archive import Archive
from recommender.trending.choice import Choice
from recommender.trending.counters import Counters
from recommender.trending.replay import Log, hours
from recommender.trending.tempo import DAY_S, HOUR_S
from recommender.trending.windows import SPANS

__all__ = ["learn_tempo"]

Floats = NDArray[np.float64]

_BLUR_S = 900
"""Hours that are counted whole are spread over moments so far apart.

They do not tell a view a minute old from one an hour old; spread evenly, their views weigh on the fast boards what they
do on average.
"""
_SETTLED_S = 3 * HOUR_S
"""After which what was counted by the hour before weighs next to nothing on the fastest board."""


def learn_tempo(counters: Counters, archive: Archive, directory: Path, now: float) -> Choice:
    """Learn what foretells best, let ``auto`` stand for it, and return all that was learned.

    Parameters
    ----------
    counters : Counters
        With a job's time budget.
    archive : Archive
        Knows the articles' dates; others' age counts from their first view.
    directory : Path
        Where the hours are kept that earlier nights saw by five minutes.
    now : float
        Unix seconds.
    """
    counters.recount(now=now)
    log, share = _history(counters, archive, now), counters.half_life_share
    replayed = hours(log, since=log.times[0] + DAY_S if len(log.times) else 0.0, half_life_share=share)
    told = {hour.now: hour.leaders(RANKED) for hour in replayed if hour.now <= now - HOUR_S}
    kept = {hour.now: hour for hour in kept_hours(directory, half_life_share=share)}
    exact_since = now - SPANS[0].kept_s + _SETTLED_S
    fresh = [hour for moment, hour in told.items() if moment >= exact_since and moment not in kept]
    keep_hours(directory, fresh, since=now - TRAINED_PAST_S, half_life_share=share)
    learner = Learner()
    for _, hour in sorted((told | kept).items()):
        learner.learn(hour)
    choice = learner.choose(now, counters.choice())
    counters.set_choice(choice)
    return choice


def _history(counters: Counters, archive: Archive, now: float) -> Log:
    moments: list[Floats] = []
    ids: list[str] = []
    counts: list[float] = []
    for start, seconds, views in counters.history.finest(now=now):
        parts = max(1, seconds // _BLUR_S)
        for part in range(parts):
            moments.append(np.full(len(views), start + seconds * (part + 0.5) / parts))
            ids += views.keys()
            counts += (number / parts for number in views.values())
    times = np.concatenate(moments) if moments else np.empty(0)
    names, places = np.unique(np.array(ids, dtype=np.str_), return_inverse=True)
    born = np.full(len(names), np.inf)
    np.minimum.at(born, places, times)
    dates = archive.published([str(name) for name in names])
    return Log(
        times=times,
        articles=places.astype(np.int64),
        counts=np.array(counts, dtype=np.float64),
        born=np.array([dates.get(str(name)) or first for name, first in zip(names, born, strict=True)]),
    )
