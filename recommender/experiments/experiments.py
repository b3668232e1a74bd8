"""The experiments: kept on disk with the trace, and read by every process before the second is over."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from cachetools import TTLCache

from recommender.box_rules import BoxRules
from recommender.database import Database
from recommender.desk.trace import Trace
from recommender.errors import ExperimentRefused
from recommender.experiments.experiment import Experiment, ExperimentRequest, Value, Variant
from recommender.experiments.report import Report
from recommender.experiments.variation import varied
from recommender.related.rules import RelatedRules
from recommender.settings import Settings

__all__ = ["EXPERIMENTS_SCHEMA", "Experiments"]

log = structlog.get_logger()

EXPERIMENTS_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS experiments (
        name TEXT PRIMARY KEY,
        started_at REAL NOT NULL,
        document TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS experiment_reports (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL
    )""",
)

_CACHED_S = 0.5
"""Seconds for which a process goes by the experiment it read."""


class Experiments:
    """The experiments of a data directory; one runs at a time.

    Parameters
    ----------
    database : Database
        With ``EXPERIMENTS_SCHEMA``.
    trace : Trace
        In the same database.
    settings : Settings
        The service's, from which variants differ.
    """

    def __init__(self, database: Database, trace: Trace, settings: Settings) -> None:
        self._database = database
        self._trace = trace
        self._settings = settings
        self._site = BoxRules.of(settings)
        self._read: TTLCache[None, Experiment | None] = TTLCache(1, _CACHED_S)
        self._last: Experiment | None = None
        self._rules: Mapping[str, BoxRules] = {}
        self._mutex = threading.Lock()

    def all(self, *, most: int = -1) -> list[Experiment]:
        """Return the experiments, the last started first; ``most`` of them, or all."""
        query = "SELECT document FROM experiments ORDER BY started_at DESC, rowid DESC LIMIT ?"
        rows = self._database.connection.execute(query, [most])
        return [Experiment.model_validate_json(document) for (document,) in rows]

    def get(self, name: str) -> Experiment | None:
        """Return the experiment of a name."""
        row = self._database.connection.execute("SELECT document FROM experiments WHERE name = ?", [name]).fetchone()
        return Experiment.model_validate_json(row[0]) if row else None

    def running(self) -> Experiment | None:
        """Return the one that runs, as of half a second ago; should the disk fail, the last that was read."""
        with self._mutex:
            now = datetime.now(UTC)
            if None not in self._read:
                try:
                    found = next((one for one in self.all(most=1) if one.state_at(now) == "running"), None)
                except sqlite3.Error as error:
                    log.warning("experiments_not_read", reason=str(error))
                    found = self._last
                if found != self._last:
                    self._last, self._rules = found, self._rules_of(found) if found else {}
                self._read[None] = found
            return self._last if self._last and self._last.state_at(now) == "running" else None

    def rules(self, variant: str | None) -> BoxRules:
        """Return how boxes are filled for a variant; for one that is not running, and for None, as the site is set."""
        if variant is None or self.running() is None:
            return self._site
        return self._rules.get(variant, self._site)

    def related_rules(self) -> list[RelatedRules]:
        """Return the rules of the running variants that have Related lists of their own."""
        rules = self._rules.values() if self.running() else ()
        return [one.related for one in rules if one.related.variant]

    def start(self, request: ExperimentRequest, *, by: str) -> Experiment:
        """Start an experiment; readers get its variants within a second.

        Raises
        ------
        ExperimentRefused
            With what is wrong.
        """
        now = datetime.now(UTC)
        if request.ends_at <= now:
            raise ExperimentRefused("ends_at: that has passed")
        kept_days = self._settings.clicks_kept_days
        if request.ends_at - now > timedelta(days=kept_days - 2):
            raise ExperimentRefused(f"ends_at: clicks are kept for {kept_days} days; it has to end two days before")
        variants = tuple(self._checked(variant) for variant in request.variants)
        one = Experiment(**{**dict(request), "variants": variants}, by=by, started_at=now)
        with self._database.transaction() as connection:
            for other in self.all():
                if other.name == one.name:
                    raise ExperimentRefused(f"there was an experiment {one.name} already; give it another name")
                if other.state_at(now) == "running":
                    raise ExperimentRefused(f"{other.name} is running; end it first")
            row = [one.name, one.started_at.timestamp(), one.model_dump_json()]
            connection.execute("INSERT INTO experiments VALUES (?, ?, ?)", row)
            self._trace.add(by, "experiment started", one.name, after=_traced(one), within=connection)
        self._seen_anew()
        return one

    def end(self, name: str, *, by: str) -> Experiment:
        """End an experiment before its time; readers get the service as it is set within a second.

        Raises
        ------
        ExperimentRefused
            When it is not running.
        """
        now = datetime.now(UTC)
        with self._database.transaction() as connection:
            one = self.get(name)
            if one is None or one.state_at(now) != "running":
                raise ExperimentRefused(f"no experiment {name} is running; somebody may have ended it")
            one = one.model_copy(update={"ended_at": now, "ended_by": by})
            connection.execute("UPDATE experiments SET document = ? WHERE name = ?", [one.model_dump_json(), name])
            self._trace.add(by, "experiment ended", name, before=_traced(one), within=connection)
        self._seen_anew()
        return one

    def kept_report(self, name: str) -> Report | None:
        """Return the last report of an experiment, once it was kept."""
        query = "SELECT document FROM experiment_reports WHERE name = ?"
        row = self._database.connection.execute(query, [name]).fetchone()
        return Report.model_validate_json(row[0]) if row else None

    def keep_report(self, name: str, last: Report) -> None:
        """Keep the last report of an experiment for ever; one that is kept is not replaced."""
        row = [name, last.model_dump_json()]
        self._database.connection.execute("INSERT OR IGNORE INTO experiment_reports VALUES (?, ?)", row)

    def _checked(self, variant: Variant) -> Variant:
        """Return a variant with its settings as the service reads them.

        Raises
        ------
        ExperimentRefused
            When one will not do, or is as the service's.
        """
        try:
            settings = varied(self._settings, variant.settings)
        except ExperimentRefused as error:
            raise ExperimentRefused(f"{variant.name}: {error}") from error
        values: dict[str, Value] = {name: getattr(settings, name) for name in variant.settings}
        if same := [name for name, value in values.items() if value == getattr(self._settings, name)]:
            raise ExperimentRefused(f"{variant.name}: {', '.join(same)}: that is how the service is set already")
        return variant.model_copy(update={"settings": values})

    def _rules_of(self, one: Experiment) -> dict[str, BoxRules]:
        """Return how boxes are filled, by the variant's name in addresses."""
        rules = {}
        for variant in one.variants:
            try:
                settings = varied(self._settings, variant.settings)
            except ExperimentRefused as error:  # the service was set differently since
                log.warning("variant_not_served", variant=one.named(variant), reason=str(error))
                continue
            rules[one.named(variant)] = self._site.varied(one.named(variant), settings)
        return rules

    def _seen_anew(self) -> None:
        """Let the process that made a change see it in its next answer."""
        with self._mutex:
            self._read.clear()


def _traced(one: Experiment) -> dict[str, Any]:
    """Return what the trace tells of an experiment, each variant in one line for people."""
    variants = {
        f"variant {variant.name}": ", ".join(
            [f"{variant.share} %", *(f"{name} = {value}" for name, value in variant.settings.items())]
        )
        for variant in one.variants
    }
    return one.model_dump(mode="json", exclude_none=True, exclude={"by", "name", "variants"}) | variants
