"""The nightly training: the archive into neighbours, the neighbours into a published version."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import Any

import numpy as np
from rich.progress import Progress

from jobs.fitting import Fitted, fit
from jobs.guard import inspect
from jobs.pacing import learn_tempo
from jobs.progress import Tick, step
from jobs.quality import Quality, measure, write_report
from jobs.readings import ReadingsCache
from recommender.errors import ModelError, TrainingRefused
from recommender.intake import reconcile
from recommender.related.lists import RANKED, field_of
from recommender.related.model import Model
from recommender.related.packing import pack, packed_lists
from recommender.related.publication import Publication
from recommender.service import Service
from recommender.text.language import main_language

__all__ = ["Summary", "train"]

_TOLD = 1000
"""Lists after which the bar moves: to move it takes as long as to write one."""
_REPORTS = 5
"""Refused runs whose reports stay on disk."""


@dataclass(slots=True)
class Summary:
    """The facts of one run, as they are kept in the history and with its version.

    Attributes
    ----------
    run : str
        The name that its version has if it is published.
    version : str or None
        The same, once published.
    by : str
        Who ran it.
    started_at, published_at : str
        RFC 3339.
    position : int
        Up to where the archive's changes are in it for certain.
    articles, with_words, copies, lists, terms : int
        Articles read; those with usable words; those that another stands for as its copy; those with a list;
        different words.
    read : int
        Articles whose text was read; the others had not changed.
    drift : float or None
        Mean change of a word's idf since it was learned; None where it was not looked at.
    relearned : bool
        Whether words, idf and boilerplate were learned afresh.
    quality : dict
        The figures of `jobs.quality.Quality`.
    trending : dict
        What was learned about Trending, as of `jobs.foretelling.Choice`.
    findings : list of dict
        What the guard found.
    forced : bool
        Whether it was published although the guard found something.
    seconds : dict of str to float
        How long each step took.
    """

    run: str = ""
    version: str | None = None
    by: str = ""
    started_at: str = ""
    published_at: str = ""
    position: int = 0
    articles: int = 0
    with_words: int = 0
    copies: int = 0
    lists: int = 0
    terms: int = 0
    read: int = 0
    drift: float | None = None
    relearned: bool = False
    quality: dict[str, Any] = field(default_factory=dict)
    trending: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    forced: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def as_facts(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return asdict(self)


def train(service: Service, bars: Progress, *, by: str = "", dry_run: bool = False, force: bool = False) -> Summary:
    """Train on the whole archive and publish, or refuse and leave the old version serving.

    Parameters
    ----------
    service : Service
    bars : Progress
    by : str
        Who runs it, for the history.
    dry_run : bool
        Do everything but publish.
    force : bool
        Publish whatever the guard finds.

    Raises
    ------
    TrainingRefused
        When another run is under way, there are no articles, or the guard finds something.
    OSError
        When the model cannot be kept on disk.
    redis.exceptions.RedisError
        When Redis fails; the old version serves on, and the next run clears what is left.
    """
    settings, started = service.settings, datetime.now(UTC)
    summary = Summary(by=by, started_at=started.isoformat(timespec="seconds"))
    with service.lists.publishing(
        lock_s=settings.train_lock_s, keep=settings.versions_keep, now=started, facts=summary.as_facts
    ) as publication:
        summary.run = publication.version
        _tidy(service, summary.run)
        before = _previous(service)
        fitted = _fit(service, bars, summary, started, before)
        with _timed(summary, bars, "measure quality"):
            model, quality = fitted.model, measure(fitted.model, before, fitted.garbled)
        _describe(summary, model, quality)
        _guard(service, summary, quality, model, force=force)
        if not dry_run:
            try:
                _write(service, publication, bars, summary, (model, quality))
                _write_variants(service, publication, bars, summary, model)
                _publish(service, publication, bars, summary)
            except (TrainingRefused, OSError):  # nothing was published, which other errors leave open
                service.shelf.drop(publication.version)
                raise
            _tidy(service, summary.run)
            service.reports.all(now=started)  # keeps those of experiments that are over
    return summary


def _fit(service: Service, bars: Progress, summary: Summary, started: datetime, before: Model | None) -> Fitted:
    settings = service.settings
    summary.position = service.archive.position
    Thread(target=main_language, args=([""],), daemon=True).start()  # the language model is unpacked meanwhile
    with _timed(summary, bars, "check the catalogue"):
        reconcile(service.archive, service.intake)
    if not len(service.archive):
        raise TrainingRefused("there are no articles to train on; import some first: recommender import SOURCE")
    fitted = fit(
        service.archive.heads(),
        service.archive.documents,
        settings=settings,
        now=started,
        step=partial(_timed, summary, bars),
        readers=service.readers if settings.related_readers else None,
        cache=ReadingsCache(settings.data_dir / "readings"),
        before=before,
    )
    summary.read, summary.relearned = fitted.read, fitted.relearned
    summary.drift = None if fitted.drift is None else round(fitted.drift, 4)
    return fitted


def _tidy(service: Service, run: str) -> None:
    """Drop what versions no longer kept, and dead runs, left on disk; the reports of the last refused runs stay.

    Only what is older than this run: if it has slept past its lock, another may be writing.
    """
    refused = [one["run"] for one in service.lists.runs() if one["outcome"] == "refused"][:_REPORTS]
    service.shelf.keep({*service.lists.versions(), *refused}, before=run)


def _previous(service: Service) -> Model | None:
    """Return the model that readers see the lists of, where there is one on this machine."""
    try:
        return service.shelf.get(service.lists.current or "")
    except ModelError:
        return None


def _describe(summary: Summary, model: Model, quality: Quality) -> None:
    summary.articles = quality.articles
    summary.with_words = int(np.count_nonzero(np.diff(model.rows.indptr)))
    summary.copies = quality.copies
    summary.lists = int(np.count_nonzero(model.listed.indices[:, 0] >= 0))
    summary.terms = len(model.terms)
    summary.quality = asdict(quality)


def _guard(service: Service, summary: Summary, quality: Quality, model: Model, *, force: bool) -> None:
    """Refuse a model that looks worse than the current one, and keep its report to look at."""
    current = service.lists.versions().get(service.lists.current or "", {})
    found = inspect(quality, current.get("quality"), service.settings)
    if not found:
        return
    summary.findings = [asdict(finding) for finding in found]
    if force:
        summary.forced = True
        return
    report = service.shelf.path(summary.run)
    report.mkdir(parents=True, exist_ok=True)
    write_report(quality, model, report)
    raise TrainingRefused(
        f"{'; '.join(map(str, found))}; the old version serves on. Look at what was imported and at "
        f"{report / 'quality.html'}, or publish with --force"
    )


def _packed(model: Model, tick: Tick) -> Iterator[tuple[str, bytes]]:
    lists = zip(model.ids, packed_lists(model.ids, model.listed), strict=True)
    for done, (one, packed) in enumerate(lists, 1):
        if packed:
            yield one, packed
        if not done % _TOLD:
            tick(done)


def _write(
    service: Service, publication: Publication, bars: Progress, summary: Summary, made: tuple[Model, Quality]
) -> None:
    """Write the lists, and keep the model meanwhile."""
    (model, quality), version = made, publication.version

    def keep() -> None:
        service.shelf.put(version, model)
        write_report(quality, model, service.shelf.path(version))

    with _timed(summary, bars, "write lists and keep the model", len(model.ids)) as tick:
        with ThreadPoolExecutor(1) as beside:
            keeping = beside.submit(keep)
            publication.write(_packed(model, tick))
        keeping.result()


def _write_variants(service: Service, publication: Publication, bars: Progress, summary: Summary, model: Model) -> None:
    """Write the lists of the running variants that rank the same candidates by rules of their own."""
    for rules in service.experiments.related_rules():
        with _timed(summary, bars, f"rank {rules.variant}", len(model.ids)) as tick:
            ranked = model.by(rules).with_lists(tick, threads=os.cpu_count() or 1)
            publication.write((field_of(rules.variant, one), packed) for one, packed in _packed(ranked, tick))
            publication.write([(field_of(rules.variant), pack(RANKED))])


def _publish(service: Service, publication: Publication, bars: Progress, summary: Summary) -> None:
    with _timed(summary, bars, "learn the site's tempo"):
        started = datetime.fromisoformat(summary.started_at).timestamp()
        summary.trending = learn_tempo(
            service.counters, service.archive, service.settings.data_dir / "hours", started
        ).as_facts()
    summary.version = publication.version
    summary.published_at = datetime.now(UTC).isoformat(timespec="seconds")
    publication.publish(summary.as_facts())


@contextmanager
def _timed(summary: Summary, bars: Progress, name: str, total: int | None = None) -> Iterator[Tick]:
    started = time.perf_counter()
    with step(bars, name, total) as tick:
        yield tick
    summary.seconds[name] = round(time.perf_counter() - started, 2)


if __name__ == "__main__":
    from recommender.cli import main

    main(["train", *sys.argv[1:]])
