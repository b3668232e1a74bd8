"""The parts of one service, put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from redis import Redis

from recommender.archive import Archive
from recommender.box_rules import BoxRules
from recommender.catalogue import Catalogue
from recommender.clicks.clicks import Clicks
from recommender.database import Database
from recommender.desk.corrections import CORRECTIONS_SCHEMA, Corrections
from recommender.desk.sessions import Sessions
from recommender.desk.throttle import Throttle
from recommender.desk.trace import TRACE_SCHEMA, Trace
from recommender.desk.users import USERS_SCHEMA, Users
from recommender.experiments.experiments import EXPERIMENTS_SCHEMA, Experiments
from recommender.experiments.reports import Reports
from recommender.past import Past
from recommender.reader import LiveReader, Memory, RememberingReader
from recommender.redis.connection import BATCH_TIMEOUT_S, Guard, connect
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from recommender.related.lists import Lists
from recommender.related.readers import ReadersChoice
from recommender.related.shelf import Shelf
from recommender.served import Served
from recommender.settings import Settings
from recommender.trending.charts import Charts
from recommender.trending.counters import Counters
from recommender.widgets import Boxes

__all__ = ["DESK_TIMEOUT_S", "Service", "desk_database", "open_service", "redis_address"]


DESK_TIMEOUT_S = 1.0
"""Seconds that an editor's request may wait for one call to Redis."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the web application and the jobs work with.

    Attributes
    ----------
    redis : Redis
        With a page's time budget or a job's, as the service was opened.
    guard : Guard
        Every page's calls to Redis go through it.
    desk_guard : Guard
        Calls for sessions and sign-ins go through it.
    intake : Catalogue
        The same catalogue with a job's time budget, for writing many articles.
    """

    settings: Settings
    redis: Redis
    guard: Guard
    archive: Archive
    catalogue: Catalogue
    intake: Catalogue
    lists: Lists
    shelf: Shelf
    readers: ReadersChoice
    counters: Counters
    clicks: Clicks
    charts: Charts
    boxes: Boxes
    served: Served
    past: Past
    trace: Trace
    corrections: Corrections
    experiments: Experiments
    reports: Reports
    users: Users
    sessions: Sessions
    desk_guard: Guard
    throttle: Throttle


@contextmanager
def redis_address(settings: Settings, *, keep_running: bool = False) -> Iterator[str]:
    """Give the address of Redis: as set, or of the embedded server, which runs meanwhile.

    ``keep_running`` starts the embedded server again whenever it ends.
    """
    if settings.redis_url:
        yield settings.redis_url.get_secret_value()
        return
    with EmbeddedRedis(settings.data_dir) as server:
        if keep_running:
            server.keep_running()
        yield server.url


def desk_database(settings: Settings) -> Database:
    """Open what the editors' desk keeps on disk: users, corrections, experiments, and the trace of all."""
    schema = (*TRACE_SCHEMA, *USERS_SCHEMA, *CORRECTIONS_SCHEMA, *EXPERIMENTS_SCHEMA)
    return Database(settings.data_dir / "desk.sqlite", schema)


@contextmanager
def open_service(settings: Settings, redis_url: str, *, timeout_s: float = BATCH_TIMEOUT_S) -> Iterator[Service]:
    """Open a service; Redis is not asked for anything yet.

    Parameters
    ----------
    settings : Settings
    redis_url : str
    timeout_s : float
        Seconds that one call to Redis may take.
    """
    keys = Keys(settings.namespace, settings.trending_half_life_share)
    with ExitStack() as stack:
        redis = stack.enter_context(connect(redis_url, timeout_s=timeout_s))
        slower = stack.enter_context(connect(redis_url, timeout_s=DESK_TIMEOUT_S))
        patient = stack.enter_context(connect(redis_url))
        archive = stack.enter_context(Archive(settings.data_dir / "archive.sqlite"))
        desk = stack.enter_context(closing(desk_database(settings)))
        trace = Trace(desk)
        corrections = Corrections(desk, trace, archive, most=settings.corrections_most)
        users = Users(desk, trace, settings.editor_password)
        catalogue, lists = Catalogue(redis, keys), Lists(redis, keys)
        counters = Counters(
            redis,
            keys,
            visitor_pause_s=settings.visitor_pause_s,
            event_memory_s=settings.event_memory_s,
            board_size=settings.board_size,
            network_share=settings.network_share,
            network_allowance=settings.network_allowance,
            boxed_weight=settings.boxed_weight,
            history_articles=settings.history_articles,
            trails=settings.related_readers,
        )
        clicks = Clicks(redis, keys, memory_s=settings.click_memory_s, kept_days=settings.clicks_kept_days)
        experiments = Experiments(desk, trace, settings)
        rules = BoxRules.of(settings).charts
        charts = Charts(redis, keys, counters, catalogue, rules)
        memory, guard = Memory(), Guard(settings.redis_pause_ms / 1000)
        boxes = Boxes(
            LiveReader(catalogue, lists, charts, memory, chart_s=settings.trending_chart_ms / 1000),
            RememberingReader(archive, memory),
            memory,
            guard,
            corrections.rulebook,
            rules=experiments.rules,
            receipts=clicks.receipts,
        )
        served = Served(slower, keys)
        stack.callback(served.close)
        yield Service(
            settings=settings,
            redis=redis,
            guard=guard,
            archive=archive,
            catalogue=catalogue,
            intake=Catalogue(patient, keys),
            lists=lists,
            readers=ReadersChoice(patient, keys),
            shelf=Shelf(settings.data_dir / "models"),
            counters=counters,
            clicks=clicks,
            charts=charts,
            boxes=boxes,
            served=served,
            past=Past(counters, catalogue, corrections.rulebook, rules, zone=ZoneInfo(settings.time_zone)),
            trace=trace,
            corrections=corrections,
            experiments=experiments,
            reports=Reports(experiments, clicks, certainty=settings.experiment_certainty),
            users=users,
            sessions=Sessions(
                slower, keys, users, idle_s=settings.session_idle_s, longest_s=settings.session_longest_s
            ),
            desk_guard=Guard(settings.redis_pause_ms / 1000),
            throttle=Throttle(
                slower,
                keys,
                key=(settings.editor_password or SecretStr("")).get_secret_value().encode(),
                most=settings.sign_in_failures,
            ),
        )
