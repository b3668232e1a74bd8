"""Foretelling: learning from the hours that are over how ``auto`` should rank.

Two ways are learned. A formula, a board and an exponent of age, by what would have foretold best. And weights: boosted
trees for the share of the next hour's views that each article gets (a Poisson loss), over the boards of all windows,
age and hour of the day; of two articles alike but for the views on one board, the one with more is never expected less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.trending.choice import FEWEST_HOURS, Choice, Judged
from recommender.trending.replay import Hour
from recommender.trending.tempo import DAY_S, DEFAULT_TEMPO, HOUR_S, PAST_S, TEMPOS, Tempo
from recommender.trending.trees import Trees, features
from recommender.trending.windows import WINDOWS

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

__all__ = ["RANKED", "TRAINED_PAST_S", "Learner", "grow"]

_FORMULA_PAST_S = 14 * DAY_S
TRAINED_PAST_S = 90 * DAY_S
"""How far back weights are trained on; a site with few views tells little in a month."""
RANKED = 200
"""Articles from the top of each board that are ranked, as when boxes are filled."""
_TRAINED_ON = 50
"""Those of them that are trained on; the others are hardly ever read."""
_PERCENT = 100.0


class Learner:
    """Takes in hours as they pass, and learns from those before a moment.

    Parameters
    ----------
    horizon_s : float
        How far ahead is foretold.
    """

    def __init__(self, horizon_s: float = HOUR_S) -> None:
        self._horizon_s = horizon_s
        self._hours: list[Hour] = []
        self._precisions: list[list[float]] = []

    def learn(self, hour: Hour) -> None:
        """Take in an hour that is over, and forget those that are no longer trained on."""
        hour = hour.leaders(RANKED)
        self._hours.append(hour)
        self._precisions.append([hour.hits(hour.score(tempo))[0] for tempo in TEMPOS] if hour.telling else [])
        while self._hours[0].now < hour.now - TRAINED_PAST_S - DAY_S:
            del self._hours[0], self._precisions[0]

    def choose(self, now: float, before: Choice) -> Choice:
        """Return what is learned ``now``, in Unix seconds, from the hours over by then.

        The choice ``before`` is judged by the hours since it was made.
        """
        record = [judged for judged in before.record if judged.until > now - PAST_S]
        if before.trained and (since := self._telling(before.made_at, now)):
            figures = {"formula": _foretold(since, before.formula), "trained": _foretold(since, before.trained)}
            record.append(Judged(until=now, hours=len(since), **figures))
        formula = self._formula(now)
        enough = len(self._telling(now - PAST_S, now)) >= FEWEST_HOURS
        trained = replace(formula, trees=grow(self._between(now - TRAINED_PAST_S, now))) if enough else None
        return Choice(made_at=now, formula=formula, trained=trained, record=tuple(record))

    def _formula(self, now: float) -> Tempo:
        """Choose a formula; what it gains on the default counts less its standard error, for sites with few views."""
        start, end = now - _FORMULA_PAST_S, now - self._horizon_s
        told = [
            precisions
            for hour, precisions in zip(self._hours, self._precisions, strict=True)
            if precisions and start <= hour.now <= end
        ]
        if len(told) < FEWEST_HOURS:
            return DEFAULT_TEMPO
        gains = np.array(told)
        gains -= gains[:, :1]
        errors = gains.std(axis=0) / np.sqrt(len(gains))
        return TEMPOS[int((gains.mean(axis=0) - errors).argmax())]

    def _between(self, start: float, end: float) -> list[Hour]:
        return [hour for hour in self._hours if start <= hour.now <= end - self._horizon_s]

    def _telling(self, start: float, end: float) -> list[Hour]:
        return [hour for hour in self._between(start, end) if hour.telling]


def grow(hours: Sequence[Hour]) -> Trees:
    """Grow trees that foretell each article's share of the next hour's views, in percent."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - takes a second

    rows, shares, weights = [], [], []
    for hour in hours:
        total, led = hour.truth.sum(), hour.leaders(_TRAINED_ON)
        rows.append(features(led.decayed, led.ages, led.now))
        shares.append(_PERCENT * led.truth / max(total, 1.0))
        weights.append(np.full(len(led.truth), total))
    boosting = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.08,
        max_iter=60,
        max_leaf_nodes=15,
        min_samples_leaf=200,
        l2_regularization=10.0,
        monotonic_cst=[*(1 for _ in WINDOWS), 0, 0],
        early_stopping=False,
    )
    weight = np.concatenate(weights)
    # A second thread gains little here and, on a machine that is busy serving, waits for its turn most of the time.
    with threadpool_limits(1, "openmp"):
        boosting.fit(np.concatenate(rows), np.concatenate(shares), sample_weight=weight / weight.mean())
    return _planted(boosting)


def _foretold(hours: Sequence[Hour], tempo: Tempo) -> tuple[float, float]:
    precision, captured = np.mean([hour.hits(hour.score(tempo)) for hour in hours], axis=0)
    return float(precision), float(captured)


def _planted(boosting: HistGradientBoostingRegressor) -> Trees:
    """Return the trees of scikit-learn's boosting as plain numbers.

    It has no public way to them; a test holds the scores against its own predictions.
    """
    parts: list[NDArray[np.void]] = []
    roots = np.cumsum([0, *(len(tree.nodes) for (tree,) in boosting._predictors)])  # noqa: SLF001
    for root, (tree,) in zip(roots, boosting._predictors, strict=False):  # noqa: SLF001
        nodes = tree.nodes.copy()
        leaf = nodes["is_leaf"].astype(bool)
        own = np.arange(len(nodes))
        for side in ("left", "right"):
            nodes[side] = root + np.where(leaf, own, nodes[side])
        nodes["num_threshold"][leaf] = 0
        for number in sorted(own[~leaf], key=nodes["depth"].__getitem__, reverse=True):
            children = [int(nodes[side][number] - root) for side in ("left", "right")]
            nodes["value"][number] = np.average(nodes["value"][children], weights=nodes["count"][children])
        parts.append(nodes)
    nodes = np.concatenate(parts)
    return Trees(
        roots=tuple(roots[:-1].tolist()),
        feature=tuple(nodes["feature_idx"].tolist()),
        threshold=tuple(nodes["num_threshold"].tolist()),
        left=tuple(nodes["left"].tolist()),
        right=tuple(nodes["right"].tolist()),
        value=tuple(nodes["value"].tolist()),
        base=float(boosting._baseline_prediction.item()),  # noqa: SLF001
        depth=int(nodes["depth"].max()),
    )
