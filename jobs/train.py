"""The nightly training: the archive into neighbours, the neighbours into a published version."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from rich.progress import Progress

from jobs.fitting import SAMPLE, fit
from jobs.pacing import learn_tempo
from jobs.progress import Tick, step
from jobs.quality import Quality, measure, write_report
from recommender.errors import ModelError, TrainingRefused
from recommender.intake import reconcile
from recommender.related.lists import Publication
from recommender.related.model import Model
from recommender.service import Service

__all__ = ["Summary", "train"]

_LEAST_SHARE = 0.5
"""A version with fewer than half the lists of the current one is the work of a bad night."""


@dataclass(slots=True)
class Summary:
    """The facts of one run, as they are kept with its version.

    Attributes
    ----------
    version : str or None
        None for a dry run.
    published_at : str
        RFC 3339.
    articles, with_words, copies, lists, terms : int
        Articles read; those with usable words; those that another stands for as its copy; those with a list;
        different words.
    quality : dict
        The figures of `jobs.quality.Quality`.
    forced : bool
        Whether it was published although it looked worse.
    seconds : dict of str to float
        How long each step took.
    """

    version: str | None = None
    published_at: str = ""
    articles: int = 0
    with_words: int = 0
    copies: int = 0
    lists: int = 0
    terms: int = 0
    quality: dict[str, Any] = field(default_factory=dict)
    forced: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def as_facts(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return asdict(self)


def train(service: Service, bars: Progress, *, dry_run: bool = False, force: bool = False) -> Summary:
    """Train on the whole archive and publish, or refuse and leave the old version serving.

    Raises
    ------
    TrainingRefused
        When another run is under way, there are no articles, or the new lists look worse than the current ones.
    redis.exceptions.RedisError
        When Redis fails; the old version serves on, and the next run clears what is left.
    """
    settings, summary, started = service.settings, Summary(), datetime.now(UTC)
    with service.lists.publishing(
        lock_s=settings.train_lock_s, keep=settings.versions_keep, now=started
    ) as publication:
        with _timed(summary, bars, "check the catalogue"):
            reconcile(service.archive, service.intake)
        if not len(service.archive):
            raise TrainingRefused("there are no articles to train on; import some first: recommender import SOURCE")
        model = fit(
            service.archive.articles(),
            sample=service.archive.sample(SAMPLE),
            total=len(service.archive),
            settings=settings,
            now=started,
            step=partial(_timed, summary, bars),
            readers=service.readers if settings.related_readers else None,
        )
        with _timed(summary, bars, "measure quality"):
            quality = measure(model, _previous(service))
        _describe(summary, model, quality)
        _guard(service, summary, force=force)
        if not dry_run:
            with _timed(summary, bars, "write lists", len(model.ids)) as tick:
                publication.write(_named(model, tick))
            with _timed(summary, bars, "keep the model"):
                service.shelf.put(publication.version, model)
                write_report(quality, model, service.shelf.path(publication.version))
            with _timed(summary, bars, "learn the site's tempo"):
                learn_tempo(service.counters, service.archive, started.timestamp())
            _publish(publication, summary)
            service.shelf.keep(service.lists.versions())
    return summary


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


def _guard(service: Service, summary: Summary, *, force: bool) -> None:
    """Refuse lists that look worse than the current ones."""
    current = service.lists.versions().get(service.lists.current or "")
    if not current or summary.lists >= _LEAST_SHARE * current["lists"]:
        return
    if not force:
        raise TrainingRefused(
            f"only {summary.lists} articles would have neighbours, and {current['lists']} have now (the limit is "
            f"{_LEAST_SHARE:.0%}); the old version serves on. Look at what was imported, or publish with --force"
        )
    summary.forced = True


def _named(model: Model, tick: Tick) -> Iterator[tuple[str, dict[str, float]]]:
    for place, article_id in enumerate(model.ids):
        chosen = [other for other in model.listed.indices[place].tolist() if other >= 0]
        if chosen:
            yield (
                article_id,
                dict(zip((model.ids[other] for other in chosen), model.listed.cosines[place].tolist(), strict=False)),
            )
        tick(place + 1)


def _publish(publication: Publication, summary: Summary) -> None:
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
