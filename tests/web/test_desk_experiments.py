"""Experiments on the desk: started by a form, watched, ended, and remembered."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from recommender.cli import main
from recommender.clicks.impression import Impression
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import Service
from recommender.settings import Settings
from recommender.view import View
from tests.conftest import Publish
from tests.experiments.trying import experiment_form, request
from tests.newsroom import article

AUTH = ("editor", "an-editor-of-the-tests")


@pytest.fixture(autouse=True)
def newsroom(publish: Publish) -> None:
    publish(*(article(f"a{number}") for number in range(12)))


def take(client: FlaskClient, **fields: str) -> tuple[int, str]:
    response = client.post("/desk/experiments", data=experiment_form(**fields), auth=AUTH)
    return response.status_code, response.text


def page(client: FlaskClient, path: str = "/desk/experiments") -> str:
    response = client.get(path, auth=AUTH)
    assert response.status_code == 200
    return " ".join(response.text.split())


def read_as(service: Service, variant: str, readers: int, clicks: int) -> None:
    """Let readers see a Trending box, and some click its first item."""
    request_id = service.boxes.trending(variant=variant).request_id
    for number in range(readers):
        who, now = f"{variant} {number}", time.time()
        shown = Impression(request_id=request_id, box="trending", visitor_id=who)
        assert service.clicks.show(shown, now=now, visitor="") == "counted"
        if number < clicks:
            view = View(article_id="a1", visitor_id=who, source="trending", request_id=request_id, position=1)
            service.clicks.follow(view, "counted", now=now, visitor="")


def test_the_form_starts_what_it_says(client: FlaskClient, service: Service) -> None:
    """Each field arrives; the end is meant in the desk's time zone."""
    third = {"variant-2": "rising", "share-2": "10", "settings-2": " trending_rank=rising \n\ntrending_listed = 5"}
    status, _ = take(client, **third, **{"share-0": "40"})
    assert status == 303
    one = service.experiments.running()
    assert one
    facts = (one.name, one.hypothesis, one.box, one.least_impressions, one.by)
    assert facts == ("calm", "a test", "trending", 1000, "editor")
    assert [(variant.name, variant.share, variant.settings) for variant in one.variants] == [
        ("control", 40, {}),
        ("viewed", 50, {"trending_rank": "most_viewed"}),
        ("rising", 10, {"trending_rank": "rising", "trending_listed": 5}),
    ]
    shown = page(client)
    assert "each variant has to be shown 1,000 times, and one was shown 0 times" in shown
    assert "Start an experiment" not in shown


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "Not This"}, "name"),
        ({"ends_at": "2020-01-01T00:00"}, "ends_at: that has passed"),
        ({"ends_at": "2199-01-01T00:00"}, "clicks are kept for 90 days"),
        ({"ends_at": "soon"}, "ends_at"),
        ({"share-1": "60"}, "more than 100"),
        ({"share-1": ""}, "share"),
        ({"settings-1": "trending_rank"}, "write each once, as name = value"),
        ({"settings-1": "port = 80"}, "viewed: port: no variant can have that"),
        ({"settings-1": "trending_stay_margin = 7"}, "trending_stay_margin"),
        ({"box": "both"}, "box"),
    ],
)
def test_a_form_that_will_not_do_comes_back_filled_in(
    client: FlaskClient, service: Service, fields: dict[str, str], problem: str
) -> None:
    """With what is wrong, and nothing lost."""
    status, text = take(client, hypothesis="my long hypothesis", **fields)
    assert status == 400
    assert problem in text
    assert "my long hypothesis" in text
    assert service.experiments.all() == []


def test_figures_come_from_what_readers_saw(client: FlaskClient, service: Service) -> None:
    """Impressions and clicks by variant, on the page and as JSON; a probability once each was seen often enough."""
    service.experiments.start(request(least_impressions=40), by="anna")
    read_as(service, "calm_control", 40, 2)
    read_as(service, "calm_viewed", 39, 10)
    (one,) = client.get("/v1/desk/experiments", auth=AUTH).get_json()["experiments"]
    trending = one["report"]["boxes"][1]["variants"]
    assert [(v["variant"], v["impressions"], v["clicks"], v["best"]) for v in trending] == [
        ("calm_control", 40, 2, None),
        ("calm_viewed", 39, 10, None),
    ]
    assert "not yet" in page(client)
    read_as(service, "calm_viewed", 1, 0)  # the same list, another reader
    found = client.get("/v1/desk/experiments", auth=AUTH).get_json()["experiments"][0]["report"]
    assert found["verdict"] == "running"
    assert found["boxes"][1]["variants"][1]["best"] > 0.9
    assert found["boxes"][1]["variants"][1]["impressions"] == 40


def test_what_is_over_is_kept_with_its_figures(service: Service) -> None:
    """A day after the end the report is written down, and holds when the counts are gone."""
    one = service.experiments.start(request(least_impressions=10), by="anna")
    read_as(service, "calm_control", 60, 3)
    read_as(service, "calm_viewed", 60, 30)
    for days, kept in ((7.5, False), (8.5, True)):
        found = service.reports.of(one, now=datetime.now(UTC) + timedelta(days=days)).report
        assert (found.verdict, found.winner) == ("decided", "calm_viewed")
        assert (service.experiments.kept_report("calm") is not None) == kept
    service.redis.flushall()
    assert service.reports.of(one, now=datetime.now(UTC) + timedelta(days=200)).report == found


def test_ending_takes_a_click_and_leaves_a_page(client: FlaskClient) -> None:
    """The page of the past one says that it was ended early, by whom, and what was tried."""
    take(client)
    assert "End calm without a winner" in page(client)
    response = client.post("/desk/experiments/end", data={"name": "calm"}, auth=AUTH)
    assert response.status_code == 303
    past = page(client, response.location)
    assert "No winner: it was ended before its time" in past
    assert "trending_rank = most_viewed" in past
    overview = page(client)
    assert "no winner, ended early" in overview
    assert "Start an experiment" in overview
    again = client.post("/desk/experiments/end", data={"name": "calm"}, auth=AUTH)
    assert (again.status_code, "no experiment calm is running" in again.text) == (400, True)
    assert client.get("/desk/experiments/one?name=never", auth=AUTH).status_code == 404


def test_a_viewer_watches_only(client: FlaskClient, service: Service) -> None:
    """No form, no button to end it."""
    service.users.add("vera", "viewer", "a-password-of-the-tests", by="a test")
    auth = ("vera", "a-password-of-the-tests")
    assert "No experiment is running" in client.get("/desk/experiments", auth=auth).text
    service.experiments.start(request(), by="anna")
    shown = client.get("/desk/experiments", auth=auth).text
    assert "calm" in shown
    assert "<form" not in shown.replace('<form method="post" action="/desk/sign-out">', "")


def test_what_an_editor_writes_is_text(client: FlaskClient) -> None:
    """Hypotheses and wrong settings run nowhere."""
    bad = "<script>alert(1)</script>"
    status, text = take(client, hypothesis=bad, **{"settings-1": bad, "name": bad})
    assert status == 400
    assert bad not in text
    take(client, hypothesis=bad)
    assert bad not in client.get("/desk/experiments", auth=AUTH).text


def test_the_command_reports_what_the_desk_shows(
    settings: Settings, redis_server: EmbeddedRedis, service: Service
) -> None:
    """`recommender report experiments`: as a table for people, the same facts as JSON."""
    service.experiments.start(request(least_impressions=10), by="anna")
    read_as(service, "calm_viewed", 60, 30)
    given = ["report", "experiments", "--data-dir", str(settings.data_dir)]
    environment = {"RECOMMENDER_REDIS_URL": redis_server.url, "RECOMMENDER_NAMESPACE": settings.namespace}
    table = CliRunner().invoke(main, given, env=environment)
    assert table.exit_code == 0
    assert "calm, judged by trending until" in table.stdout
    assert "50.00%" in table.stdout
    (found,) = json.loads(CliRunner().invoke(main, [*given, "--json"], env=environment).stdout)
    assert found["report"]["boxes"][1]["variants"][1]["clicks"] == 30
