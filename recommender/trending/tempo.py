"""The site's tempo: how ``auto`` ranks.

One fixed half-life is wrong somewhere: a portal's articles live for half a day, a front page's for an hour. So how
decayed views and age weigh is learned from the site's own days, every night: at least a board and an exponent of age,
and trees over all boards where they foretell better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.trending.trees import Trees, features
from recommender.trending.windows import AUTO, WINDOWS

__all__ = ["DAY_S", "DEFAULT_TEMPO", "HOUR_S", "PAST_S", "TEMPOS", "Tempo"]

HOUR_S = 3600
DAY_S = 86_400
PAST_S = 30 * DAY_S
"""How far back the past is looked at."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tempo:
    """How ``auto`` ranks: by a board and age, or by trained trees.

    Attributes
    ----------
    window : str
        Whose board; its half-life is a quarter of its length.
    age_exponent : float
        In views / (age in hours + 2) ^ exponent.
    trees : Trees, optional
        Rank in place of the formula where they are there: by the views expected in the next hour, in percent of all.
    """

    window: str
    age_exponent: float
    trees: Trees | None = None

    @property
    def boards(self) -> tuple[str, ...]:
        """The windows whose decayed boards have to be known."""
        return tuple(WINDOWS) if self.trees else (self.window,)

    def scores(self, decayed: Mapping[str, Floats], ages_h: Floats, now: float) -> Floats:
        """Return the score of each article, shape (c,).

        Parameters
        ----------
        decayed : mapping of window name to array of float, shape (c,)
            Decayed views, at least of `boards`.
        ages_h : array of float, shape (c,)
            Hours, from 0 on.
        now : float
            Unix seconds.
        """
        if self.trees:
            return self.trees.scores(features(decayed, ages_h, now))
        scores: Floats = decayed[self.window] * self._freshness(ages_h)
        return scores

    def parts(self, decayed: Mapping[str, Floats], ages_h: Floats, now: float) -> dict[str, Floats]:
        """Return factors by name whose product is the score, shape (c,) each; parameters as for `scores`."""
        if self.trees:
            return self.trees.parts(features(decayed, ages_h, now))
        return {"views": decayed[self.window], "age": self._freshness(ages_h)}

    def _freshness(self, ages_h: Floats) -> Floats:
        freshness: Floats = (ages_h + 2) ** -self.age_exponent
        return freshness


DEFAULT_TEMPO = Tempo(AUTO, 0.5)
TEMPOS = (
    DEFAULT_TEMPO,
    *(
        tempo
        for window in WINDOWS
        for exponent in (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
        if (tempo := Tempo(window, exponent)) != DEFAULT_TEMPO
    ),
)
"""The formulas to choose from."""
