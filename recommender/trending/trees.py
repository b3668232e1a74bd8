"""Boosted regression trees over what is known of an article: the trained weights of Trending, as plain numbers.

They are grown at night by scikit-learn and kept as JSON; here they are only read, in numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.trending.windows import WINDOWS

__all__ = ["FEATURES", "Trees", "features"]

Floats = NDArray[np.float64]

FEATURES = (*WINDOWS, "age", "hour")
"""What the trees ask for: decayed views by window, age in hours, hour of the day (UTC)."""

_DAY_S = 86_400


def features(decayed: Mapping[str, Floats], ages_h: Floats, now: float) -> Floats:
    """Return one row for each article, a column for each of `FEATURES`, shape (c, 6).

    Parameters
    ----------
    decayed : mapping of window name to array of float, shape (c,)
    ages_h : array of float, shape (c,)
        Hours.
    now : float
        Unix seconds.
    """
    hours = np.full(len(ages_h), now % _DAY_S / 3600)
    return np.column_stack([*(decayed[name] for name in WINDOWS), ages_h, hours])


@dataclass(frozen=True)
class Trees:
    """The logarithm of an expectation, as a sum over trees.

    All nodes of all trees stand in one row. An article walks each tree from its root: to ``left`` where its feature is
    at most the threshold, else to ``right``. A leaf leads to itself.

    Attributes
    ----------
    roots : tuple of int, length t
        Where each tree begins.
    feature, left, right : tuple of int, length m
        Index into `FEATURES`; nodes.
    threshold, value : tuple of float, length m
        The value of a node that is no leaf is the mean of the leaves below, weighed by what fell into them in training.
    base : float
        Added to the sum.
    depth : int
        Steps after which every walk has come to a leaf.
    """

    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]
    base: float
    depth: int

    def scores(self, rows: Floats) -> Floats:
        """Return the expectation of each row of `features`, shape (c,)."""
        value = self._nodes[3]
        place = self._start(rows)
        for _ in range(self.depth):
            place = self._step(rows, place)
        scores: Floats = np.exp(self.base + value[place].sum(axis=1))
        return scores

    def parts(self, rows: Floats) -> dict[str, Floats]:
        """Return factors whose product is the score: ``base``, and what each feature did to it (shape (c,) each).

        Each step of a walk changes the mean of the leaves ahead; the feature that was asked answers for the change.
        """
        feature, _, _, value = self._nodes
        place = self._start(rows)
        logarithms = np.zeros((len(rows), len(FEATURES)))
        base = self.base + value[place].sum(axis=1)
        for _ in range(self.depth):
            after = self._step(rows, place)
            for number in range(len(FEATURES)):
                changes = np.where(feature[place] == number, value[after] - value[place], 0.0)
                logarithms[:, number] += changes.sum(axis=1)
            place = after
        return {"base": np.exp(base)} | dict(zip(FEATURES, np.exp(logarithms).T, strict=True))

    def _start(self, rows: Floats) -> NDArray[np.int64]:
        return np.tile(np.array(self.roots, dtype=np.int64), (len(rows), 1))

    def _step(self, rows: Floats, place: NDArray[np.int64]) -> NDArray[np.int64]:
        feature, threshold, children, _ = self._nodes
        above = np.take_along_axis(rows, feature[place], axis=1) > threshold[place]
        return children[place, above.astype(np.int64)]

    @cached_property
    def _nodes(self) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64], Floats]:
        """Feature, threshold, both children, and value of each node, as arrays."""
        children = np.array([self.left, self.right], dtype=np.int64).T
        return np.array(self.feature, dtype=np.int64), np.array(self.threshold), children, np.array(self.value)
