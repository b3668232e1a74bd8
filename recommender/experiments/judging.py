"""How likely each variant is the best, from impressions and clicks alone.

The rate of each variant is Beta distributed a posteriori, with Jeffreys' prior Beta(1/2, 1/2). Variant i is the best
with probability ``integral f_i(x) * product of F_j(x) over j != i dx`` (Miller 2015, Formulas for Bayesian A/B
testing), and choosing it loses ``E[max_j rate_j] - E[rate_i]`` on average (Stucchio 2015, Bayesian A/B testing at VWO).
Both are integrated on a grid of quantiles, exact to about 1e-4 and in under a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rate", "rates"]

_PRIOR = 0.5
_COVERED = 0.95
"""Share of the posterior between the ends of an interval."""
_LOG_ODDS = np.linspace(-23, 23, 601)
"""Of the quantiles that make the grid: dense where a distribution is, and never far apart in its tails."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """What is known of one variant's rate of clicks.

    Attributes
    ----------
    rate : float
        Clicks by impression, as counted; 0 where there is none.
    low, high : float
        Between which it lies with a probability of 95 % (equal tails).
    best : float
        Probability that no other variant's is higher.
    loss : float
        Clicks by impression that choosing it is expected to cost against choosing the best.
    """

    rate: float
    low: float
    high: float
    best: float
    loss: float


def rates(impressions: Sequence[int], clicks: Sequence[int]) -> list[Rate]:
    """Return what is known of each variant.

    Parameters
    ----------
    impressions, clicks : sequence of int, length v
        Of each variant; an impression has one click at most.

    Examples
    --------
    >>> one, other = rates([1000, 1000], [50, 80])
    >>> round(one.best, 3), round(other.best, 3)
    (0.003, 0.997)
    """
    from scipy.stats import beta  # noqa: PLC0415 - takes half a second that only reports spend

    shown, clicked = np.asarray(impressions, dtype=np.float64), np.asarray(clicks, dtype=np.float64)
    posterior = beta(clicked + _PRIOR, shown - clicked + _PRIOR)
    grid = np.unique(posterior.ppf(1 / (1 + np.exp(-_LOG_ODDS[:, None]))))
    below = np.asarray(posterior.cdf(grid[:, None])).T
    losses = np.maximum(_mean_highest(below, grid) - np.asarray(posterior.mean()), 0)
    facts = (clicked / np.maximum(shown, 1), *posterior.interval(_COVERED), _best(below), losses)
    return [Rate(*map(float, row)) for row in np.column_stack(facts)]


def _best(below: Floats) -> Floats:
    """Return the probability of each to be the highest, from distribution functions of shape (v, points)."""
    falls_in = np.diff(below, prepend=0, append=1)
    middle = (np.hstack((below, np.ones((len(below), 1)))) + np.hstack((np.zeros((len(below), 1)), below))) / 2
    best = [(falls_in[one] * np.delete(middle, one, axis=0).prod(axis=0)).sum() for one in range(len(below))]
    probabilities: Floats = np.array(best) / sum(best)
    return probabilities


def _mean_highest(below: Floats, grid: Floats) -> float:
    """Return the expected highest rate: all that lies above, added up."""
    above = 1 - below.prod(axis=0)
    return float(grid[0] + np.trapezoid(above, grid))
