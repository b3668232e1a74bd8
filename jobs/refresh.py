"""The refresh: what comes, changes or goes between two nights, taken into the lists of the version that readers see."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager

import structlog
from redis.exceptions import RedisError

from recommender.article import Article
from recommender.errors import ModelError
from recommender.related.copies import CopyRule
from recommender.related.folding import Folding
from recommender.related.growth import GONE, Growth
from recommender.related.lists import RANKED, field_of
from recommender.related.rules import RelatedRules
from recommender.service import Service

__all__ = ["Refresh", "refresh", "watch"]

log = structlog.get_logger()

_AT_ONCE = 16
"""Changes that are folded in together."""
_RANKED_AT_ONCE = 256
"""Lists of a variant that are ranked in one go, while changes wait."""
_LOOK_S = 0.1
_AGAIN_S = 1.0


class Refresh:
    """Takes changes of the archive into the lists, a few at a time.

    A refresh may end anywhere and go on elsewhere: what is folded in is kept on disk before the lists are replaced,
    and lists are replaced only where they are those that the new ones were made from.

    Parameters
    ----------
    service : Service
        With a job's time budget.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._version: str | None = None
        self._files = ExitStack()
        self._ranked: dict[str, int] = {}

    def close(self) -> None:
        """Close the file of what is kept."""
        self._files.close()
        self._version = None

    def step(self) -> int:
        """Take in the next few changes; return how many. 0: there are none, or there is no version yet.

        Raises
        ------
        ModelError
            When the model of the version that readers see is not on this machine, or damaged.
        """
        version = self._service.lists.current
        if version is None:
            return 0
        try:
            if version != self._version:
                self._open(version)
            return self._fold(version)
        except BaseException:
            self._version = None  # what is in memory may be ahead of what is kept
            raise

    def warm(self) -> bool:
        """Load, compile and read beforehand what the first change would wait for; False: there is no model yet."""
        version = self._service.lists.current
        changes = self._service.archive.changes(0, 1)
        if version is None or not changes:
            return False
        self._open(version)
        nobodys = changes[0][1].model_copy(update={"id": "", "withdrawn": False})
        self._folding_of(self._folding.growth.apart()).take_in([nobodys])
        return True

    def _folding_of(self, growth: Growth) -> Folding:
        settings = self._service.settings
        rule = CopyRule(settings.related_copy_cosine, settings.related_copy_hours, settings.related_copy_shingles)
        return Folding(growth, rule, self._whole, threads=os.cpu_count() or 1)

    def _open(self, version: str) -> None:
        """Go on from what is kept of a version; where its lists have not got all of it, they get it now."""
        service = self._service
        service.shelf.check(version)
        self.close()
        self._file = self._files.enter_context(closing(service.shelf.growth_file(version)))
        growth = self._file.read(Growth(service.shelf.get(version)))
        if not (kept := growth.position):
            growth.position = service.lists.versions()[version]["position"]
        self._folding = self._folding_of(growth)
        position = service.lists.position(version)
        if kept and position != kept:
            late = {growth.name(place) for place in self._file.written_since(position or 0)}
            service.lists.patch(version, self._lists(late), before=position, after=kept)
        self._version, self._ranked = version, {}

    def _fold(self, version: str) -> int:
        service, growth = self._service, self._folding.growth
        changes = service.archive.changes(growth.position, _AT_ONCE)
        if not changes:
            return 0
        before = service.lists.position(version)
        touched = self._folding.take_in([article for _, article in changes])
        growth.position = changes[-1][0]
        self._file.keep(growth)
        if not service.lists.patch(version, self._lists(touched), before=before, after=growth.position):
            self._version = None  # dropped meanwhile, or another refresh was first
        return len(changes)

    def _lists(self, ids: set[str]) -> dict[str, dict[str, float]]:
        """Return the lists of some articles, the site's and the running variants', by field."""
        growth = self._folding.growth
        lists = {article_id: growth.list_of(article_id) for article_id in ids}
        for rules in self._service.experiments.related_rules():
            lists |= self._lists_by(rules, ids)
        return lists

    def _lists_by(self, rules: RelatedRules, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        ranked = self._folding.growth.lists_by(rules, ids)
        return {field_of(rules.variant, article_id): scores for article_id, scores in ranked.items()}

    def rank_variants(self) -> int:
        """Rank the next few lists that a running variant has not got in this version; return how many.

        An experiment that is started between two nights need not wait for the next.
        """
        lists, version = self._service.lists, self._version
        running = self._service.experiments.related_rules() if version else []
        waiting = [rules for rules in running if not lists.has(str(version), rules.variant)]
        if version is None or not waiting:
            return 0
        growth, rules = self._folding.growth, waiting[0]
        start = self._ranked.get(rules.variant, 0)
        end = self._ranked[rules.variant] = min(start + _RANKED_AT_ONCE, growth.size)
        there = [place for place in range(start, end) if growth.stand_ins[place] != GONE]
        ranked = self._lists_by(rules, map(growth.name, there))
        if end == growth.size:
            ranked[field_of(rules.variant)] = RANKED
        if not lists.patch(version, ranked, before=lists.position(version), after=growth.position):
            self._version = None
        return end - start

    def _whole(self, article_id: str) -> Article | None:
        return self._service.archive.get(article_id)


def refresh(service: Service) -> int:
    """Take in all that changed; return how many articles. While another refresh watches, it is waited for."""
    taken, waiting = 0, threading.Event()
    with _alone(service) as alone, ExitStack() as opened:
        if alone:
            work = opened.enter_context(closing(Refresh(service)))
            while some := work.step():
                taken += some
            while work.rank_variants():
                pass
            return taken
    while not _done(service):
        waiting.wait(_LOOK_S)
    return taken


def watch(service: Service, stopped: threading.Event) -> None:
    """Take in changes as they come, until told to stop; what fails is tried again."""
    with closing(Refresh(service)) as work:
        while not stopped.is_set():
            with _alone(service) as alone:
                if alone:
                    _work(work, stopped)
            stopped.wait(_AGAIN_S)  # another one watches; it may end


def _work(work: Refresh, stopped: threading.Event) -> None:
    ready, ill = False, ""
    while not stopped.is_set():
        try:
            if not ready and (ready := work.warm()):
                log.info("refresh_ready")
            taken, ill = work.step(), ""
            ranked = 0 if taken else work.rank_variants()
        except (ModelError, RedisError, OSError, sqlite3.OperationalError) as error:
            if str(error) != ill:
                log.warning("refresh_waits", reason=str(error))
            ill = str(error)
            stopped.wait(_AGAIN_S)
            continue
        if taken:
            log.info("refreshed", articles=taken)
        elif not ranked:
            stopped.wait(_LOOK_S)


def _done(service: Service) -> bool:
    version = service.lists.current
    return version is None or service.lists.reached(version) >= service.archive.position


@contextmanager
def _alone(service: Service) -> Iterator[bool]:
    """Tell whether no other process refreshes, and keep others out meanwhile."""
    with (service.settings.data_dir / "refresh.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
