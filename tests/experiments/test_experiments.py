"""Experiments as readers get them: started, served apart, ended, and refused where they will not do."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from recommender.errors import ExperimentRefused
from recommender.experiments.variation import VARIABLE
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.view import View
from tests.conftest import Publish
from tests.experiments.trying import request
from tests.newsroom import article

NOW = datetime.now(UTC)
CONTROL = {"name": "control", "share": 50}


@pytest.fixture(autouse=True)
def newsroom(service: Service, publish: Publish) -> None:
    """Of two articles the older has the more views, the newer trends."""
    publish(article("old", published_at=NOW - timedelta(days=3)), article("new", published_at=NOW))
    for article_id, times in (("old", 30), ("new", 20)):
        for _ in range(times):
            service.counters.count(View(article_id=article_id), now=time.time())


@pytest.fixture
def other(settings: Settings, redis_server: EmbeddedRedis) -> Iterator[Service]:
    """Another process of the same service, by its own view of the disk."""
    with open_service(settings, redis_server.url, timeout_s=0.5) as opened:
        yield opened


def first(service: Service, variant: str | None) -> tuple[str, str | None]:
    answer = service.boxes.trending(variant=variant)
    return answer.items[0].id, answer.variant


def other_variant(**settings: Any) -> dict[str, Any]:
    return {"variants": [CONTROL, {"name": "other", "share": 50, "settings": settings}]}


def test_each_variant_is_served_by_its_settings(service: Service) -> None:
    """And who names none, or one that is not running, gets the site's, with no variant in the answer."""
    service.experiments.start(request(), by="anna")
    assert first(service, "calm_control") == ("new", "calm_control")
    assert first(service, "calm_viewed") == ("old", "calm_viewed")
    for unknown in (None, "calm", "viewed", "calm_other", "gone_viewed"):
        assert first(service, unknown) == ("new", None)
    for answer in (
        service.boxes.related("new", variant="calm_viewed"),
        service.boxes.widgets("x", variant="calm_viewed"),
    ):
        assert answer.variant == "calm_viewed"
    assert service.boxes.widgets("x", variant="calm_viewed").trending.items[0].id == "old"


def test_a_page_that_names_its_rank_keeps_it(service: Service) -> None:
    """A variant's window and rank are for pages that name none."""
    service.experiments.start(request(), by="anna")
    assert service.boxes.trending(rank="trending", variant="calm_viewed").items[0].id == "new"


def test_other_processes_follow_before_the_second_is_over(service: Service, other: Service) -> None:
    """Started here, served there; ended here, over there."""
    assert other.experiments.running() is None
    service.experiments.start(request(), by="anna")
    deadline = time.monotonic() + 1
    while first(other, "calm_viewed") != ("old", "calm_viewed"):
        assert time.monotonic() < deadline
    service.experiments.end("calm", by="anna")
    assert first(service, "calm_viewed") == ("new", None)
    deadline = time.monotonic() + 1
    while first(other, "calm_viewed") != ("new", None):
        assert time.monotonic() < deadline


def test_it_ends_by_itself(service: Service) -> None:
    """At its end readers get the site's lists, and another may start; its name stays taken."""
    service.experiments.start(request(ends_at=datetime.now(UTC) + timedelta(seconds=0.2)), by="anna")
    assert first(service, "calm_viewed")[1] == "calm_viewed"
    while service.experiments.running():
        pass
    assert first(service, "calm_viewed") == ("new", None)
    with pytest.raises(ExperimentRefused, match="already"):
        service.experiments.start(request(), by="anna")
    service.experiments.start(request(name="next"), by="anna")
    assert [one.name for one in service.experiments.all()] == ["next", "calm"]


def test_a_variant_has_a_calm_of_its_own(service: Service) -> None:
    """Who is on a variant's list is remembered apart; a variant with the site's charts shares them."""
    service.experiments.start(request(**other_variant(trending_listed=1, trending_stay_margin=1)), by="anna")
    ways = (None, "calm_control", "calm_other")
    assert [first(service, variant)[0] for variant in ways] == ["new"] * 3
    for _ in range(150):
        service.counters.count(View(article_id="old"), now=time.time())
    assert [first(service, variant)[0] for variant in ways] == ["old", "old", "new"]
    assert len(service.redis.keys("*:standing:*")) == 2


def test_lists_are_remembered_by_variant_while_redis_is_away(service: Service) -> None:
    """A stale answer is the variant's own, and says so."""
    service.experiments.start(request(), by="anna")
    for variant in (None, "calm_viewed"):
        first(service, variant)
    pid = int(service.redis.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        answers = {variant: service.boxes.trending(variant=variant) for variant in (None, "calm_viewed")}
    finally:
        os.kill(pid, signal.SIGCONT)
    assert [answer.stale for answer in answers.values()] == [True, True]
    assert {variant: answer.items[0].id for variant, answer in answers.items()} == {None: "new", "calm_viewed": "old"}
    assert answers["calm_viewed"].variant == "calm_viewed"


def test_every_setting_that_may_differ_is_one_of_the_service(settings: Settings) -> None:
    """The table of what may differ names settings."""
    assert set(VARIABLE) <= type(settings).model_fields.keys()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"trending_stay_margin": 5}, "trending_stay_margin"),
        ({"trending_rank": "loudest"}, "trending_rank"),
        ({"trending_age_exponent": "much"}, "trending_age_exponent"),
        ({"port": 80}, "port: no variant can have that"),
        ({"api_token": "x"}, "api_token"),
        ({"trending_rank": "trending"}, "set already"),
    ],
)
def test_a_variant_that_will_not_do_is_refused(service: Service, changes: dict[str, Any], problem: str) -> None:
    """With its name and the setting, and nothing is started or traced."""
    with pytest.raises(ExperimentRefused, match=f"other: .*{problem}"):
        service.experiments.start(request(**other_variant(**changes)), by="anna")
    assert service.experiments.all() == []
    assert service.trace.entries() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Not a slug"},
        {"name": "a.b"},
        {"variants": [CONTROL]},
        {"variants": [CONTROL, CONTROL]},
        {"variants": [{"name": "a", "share": 50, "settings": {"trending_rank": "rising"}}] * 2},
        {"variants": [CONTROL, {"name": "other", "share": 50}]},
        {"variants": [CONTROL, {"name": "other", "share": 51, "settings": {"trending_rank": "rising"}}]},
        {"variants": [CONTROL | {"settings": {"trending_rank": "rising"}}, {"name": "other", "share": 1}]},
        {"least_impressions": 0},
        {"surplus": 1},
    ],
)
def test_what_cannot_be_compared_is_no_experiment(fields: dict[str, Any]) -> None:
    """One control without settings, others with some, different names, shares of 100 at most."""
    with pytest.raises(ValidationError):
        request(**fields)


def test_values_are_kept_as_the_service_reads_them(service: Service) -> None:
    """A form gives text; what is kept is the number."""
    started = service.experiments.start(request(**other_variant(trending_stay_margin="0.10")), by="anna")
    assert started.variants[1].settings == {"trending_stay_margin": 0.1}
    assert service.experiments.get("calm") == started


def test_one_runs_at_a_time_and_each_step_is_traced(service: Service) -> None:
    """Not two at once, none that has ended before it began, none ended twice."""
    with pytest.raises(ExperimentRefused, match="passed"):
        service.experiments.start(request(ends_at=NOW), by="anna")
    service.experiments.start(request(), by="anna")
    with pytest.raises(ExperimentRefused, match="calm is running"):
        service.experiments.start(request(name="second"), by="anna")
    service.experiments.end("calm", by="bob")
    with pytest.raises(ExperimentRefused, match="no experiment calm is running"):
        service.experiments.end("calm", by="bob")
    traced = [(entry.who, entry.action, entry.subject) for entry in service.trace.entries()]
    assert traced == [("bob", "experiment ended", "calm"), ("anna", "experiment started", "calm")]


def test_a_disk_that_fails_ends_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers keep their variant while what is on disk cannot be read."""
    service.experiments.start(request(), by="anna")
    assert first(service, "calm_viewed") == ("old", "calm_viewed")

    def fail(**_: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(service.experiments, "all", fail)
    deadline = time.monotonic() + 0.6
    while time.monotonic() < deadline:
        assert first(service, "calm_viewed") == ("old", "calm_viewed")
