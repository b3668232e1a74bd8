"""Reports of experiments as of now; that of one that is over is kept on disk when its last clicks are in."""

from __future__ import annotations

from datetime import datetime, timedelta

from recommender.clicks.clicks import Clicks
from recommender.experiments.experiment import Experiment, State
from recommender.experiments.experiments import Experiments
from recommender.experiments.report import Report, report

__all__ = ["Reported", "Reports"]

_SETTLED = timedelta(days=1)
"""How long after the end a page from before it may still be clicked."""


class Reported(Experiment):
    """An experiment, and what is known of its variants."""

    state: State
    report: Report


class Reports:
    """Makes reports, and keeps those that nothing can change any more.

    Parameters
    ----------
    experiments : Experiments
    clicks : Clicks
        Counts what was seen and clicked.
    certainty : float
        Probability of being the best from which on a variant is the winner.
    """

    def __init__(self, experiments: Experiments, clicks: Clicks, *, certainty: float) -> None:
        self._experiments = experiments
        self._clicks = clicks
        self._certainty = certainty

    def all(self, *, now: datetime) -> list[Reported]:
        """Return every experiment with its report, the last started first; raises as `of` does."""
        return [self.of(one, now=now) for one in self._experiments.all()]

    def of(self, one: Experiment, *, now: datetime) -> Reported:
        """Return an experiment with its report.

        Raises
        ------
        redis.exceptions.RedisError
            When it has to be counted up and Redis is away.
        """
        return Reported(**one.model_dump(), state=one.state_at(now), report=self._report(one, now))

    def _report(self, one: Experiment, now: datetime) -> Report:
        if kept := self._experiments.kept_report(one.name):
            return kept
        tallies = self._clicks.tallies(now=now.timestamp(), days=(now - one.started_at).days + 2)
        made = report(one, tallies, certainty=self._certainty, now=now)
        if now >= one.end + _SETTLED:
            self._experiments.keep_report(one.name, made)
        return made
