"""The night's choice: a formula, trained weights, and how both did on nights before, which decides what is used."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from recommender.trending.tempo import DEFAULT_TEMPO, Tempo

__all__ = ["FEWEST_HOURS", "Auto", "Choice", "Judged"]

Auto = Literal["better", "formula", "trained"]
"""Which of a night's two ``auto`` ranks by."""

FEWEST_HOURS = 24
"""Hours on which nothing is trained, and by which no weights are preferred, if there are fewer."""


class Judged(BaseModel, frozen=True):
    """How well one night's choices foretold the telling hours up to the next night, which neither had seen.

    Attributes
    ----------
    until : float
        Unix second of that next night.
    hours : int
        How many.
    formula, trained : tuple of two float
        Mean P@10 of each, and mean share of the true ten's views.
    """

    until: float
    hours: int
    formula: tuple[float, float]
    trained: tuple[float, float]


class Choice(BaseModel, frozen=True):
    """What a night learned, and which of it is used.

    Attributes
    ----------
    made_at : float
        Unix seconds.
    formula : Tempo
        The formula that foretold best.
    trained : Tempo or None
        With trees; None where there are too few hours to train on.
    record : tuple of Judged
        How earlier nights did in the last thirty days.
    """

    made_at: float = 0.0
    formula: Tempo = DEFAULT_TEMPO
    trained: Tempo | None = None
    record: tuple[Judged, ...] = ()

    def tempo_by(self, auto: Auto) -> Tempo:
        """Return what is asked for; the formula where nothing is trained yet."""
        if auto == "better":
            return self.tempo
        return self.trained if auto == "trained" and self.trained else self.formula

    @property
    def tempo(self) -> Tempo:
        """What is used: the trees where those of the nights before foretold better than the formula, else that."""
        hours = sum(judged.hours for judged in self.record)
        gain = sum(judged.hours * (sum(judged.trained) - sum(judged.formula)) for judged in self.record)
        return self.trained if self.trained and hours >= FEWEST_HOURS and gain > 0 else self.formula

    def as_facts(self) -> dict[str, Any]:
        """Return for JSON what is used, the formula, and P@10 of both over the hours of the record."""
        hours = sum(judged.hours for judged in self.record)
        facts: dict[str, Any] = {
            "uses": "trained" if self.tempo.trees else "formula",
            "window": self.formula.window,
            "age_exponent": self.formula.age_exponent,
            "hours": hours,
        }
        if hours:
            for rival in ("formula", "trained"):
                views = sum(judged.hours * getattr(judged, rival)[0] for judged in self.record)
                facts[f"{rival}_p_at_10"] = round(views / hours, 4)
        return facts
