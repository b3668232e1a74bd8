"""Variants' Related lists: ranked at night, between nights and when an experiment starts; read beside the site's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.progress import progress_bars
from jobs.refresh import Refresh, refresh
from jobs.train import train
from recommender.errors import ExperimentRefused
from recommender.intake import withdraw
from recommender.service import Service
from recommender.view import View
from tests.conftest import Publish
from tests.experiments.trying import request
from tests.jobs.test_refresh import TOPICS, about, with_settings
from tests.newsroom import article

NOW = datetime.now(UTC)
FRESH = "calm_fresh"


def start(service: Service, **settings: Any) -> None:
    other = {"name": "fresh", "share": 50, "settings": settings or {"related_freshness_share": 1, "related_variety": 0}}
    service.experiments.start(request(variants=[{"name": "control", "share": 50}, other]), by="anna")


def lists(service: Service, variant: str = "") -> dict[str, list[str]]:
    ids = [card.id for card in service.archive.cards([f"flood-{n}" for n in range(12)] + ["new"]).values()]
    return {one: list(service.lists.read(one, variant)[1]) for one in ids}


def trained_by(service: Service, **settings: Any) -> dict[str, list[str]]:
    """Return the lists as a site has them that is set like this: the slow way to a variant's."""
    train(with_settings(service, **settings), progress_bars(), force=True)
    return lists(service)


@pytest.fixture(autouse=True)
def newsroom(publish: Publish) -> None:
    """Floods published over twelve weeks, and votes."""
    for topic in TOPICS:
        rows = (article(f"{topic}-{n}", body=about(topic, n), published_at=NOW - timedelta(weeks=n)) for n in range(12))
        publish(*rows)


def test_the_night_ranks_a_variant_as_a_site_set_so_would_be(service: Service) -> None:
    """Each list of the variant is that of a training with its settings; the site's are untouched.

    Nothing has to be swept beside the versions.
    """
    fresh = {"related_freshness_share": 1.0, "related_freshness_half_life_days": 7.0, "related_variety": 0.0}
    expected, site = trained_by(service, **fresh), trained_by(service)
    start(service, **fresh)
    train(service, progress_bars())
    assert lists(service) == site
    assert lists(service, FRESH) == expected != site
    box = service.boxes.related("flood-5", limit=3, variant=FRESH)
    assert [item.id for item in box.items] == expected["flood-5"][:3]
    control = service.boxes.related("flood-5", limit=3, variant="calm_control")
    assert [item.id for item in control.items] == site["flood-5"][:3]
    assert len(service.redis.keys("*:lists*")) == len(service.lists.versions())


def test_an_experiment_need_not_wait_for_the_night(service: Service) -> None:
    """The refresh ranks what is published already, in parts, and then rests; until then the site's lists serve."""
    train(service, progress_bars())
    site = lists(service)
    start(service)
    assert lists(service, FRESH) == site
    refresh(service)
    model = service.shelf.get(str(service.lists.current))
    (rules,) = service.experiments.related_rules()
    ranked = model.by(rules).with_lists().listed.indices
    expected = {one: [model.ids[at] for at in ranked[model.places[one]] if at >= 0] for one in site}
    assert lists(service, FRESH) == expected != site
    work = Refresh(service)
    assert (work.step(), work.rank_variants()) == (0, 0)


def test_what_comes_between_nights_is_in_every_variant(service: Service, publish: Publish) -> None:
    """A new flood enters the variant's lists as it enters the site's; a withdrawn one leaves both."""
    start(service)
    train(service, progress_bars())
    publish(article("new", body=about("flood", 50), published_at=NOW))
    refresh(service)
    withdraw("flood-3", service.archive, service.intake)
    refresh(service)
    for variant in ("", FRESH):
        found = lists(service, variant)
        assert {one.split("-")[0] for one in found["new"]} == {"flood"}
        assert sum("new" in one for one in found.values()) >= 6
        assert "flood-3" not in {other for one in found.values() for other in one}
    assert lists(service, FRESH)["new"] != lists(service)["new"]
    between = lists(service, FRESH)
    service.experiments.end("calm", by="anna")
    assert service.boxes.related("new", variant=FRESH).variant is None
    assert between["new"] == list(service.lists.read("new", FRESH)[1])


def test_a_variant_without_readers_choice_is_ranked_by_words_alone(service: Service) -> None:
    """What readers of a flood also read is in the site's list of it, and not in the variant's."""
    for visitor in range(60):
        for one in ("flood-1", "vote-1"):
            service.counters.count(View(article_id=one, visitor_id=str(visitor)), now=time.time())
    train(service, progress_bars())
    start(service, related_readers=False)
    refresh(service)
    assert "vote-1" in lists(service)["flood-1"]
    assert "vote-1" not in lists(service, FRESH)["flood-1"]


@pytest.mark.parametrize("changes", [{"related_candidates": 10}, {"related_keep": 5}, {"related_variety": 2}])
def test_what_needs_another_training_is_refused(service: Service, changes: dict[str, Any]) -> None:
    """Candidates are shared; bounds are those of the settings."""
    with pytest.raises(ExperimentRefused, match=next(iter(changes))):
        start(service, **changes)
