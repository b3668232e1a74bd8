"""Nights on the desk: runs as they ended, what changed between versions, and readers given another one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from redis import Redis

from recommender.errors import TrainingRefused
from recommender.redis.keys import Keys
from recommender.related.packing import pack
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article

AUTH = ("editor", "an-editor-of-the-tests")
FINDING = {"figure": "articles", "value": 4.0, "limit": 8.0, "before": 10.0, "setting": "guard_articles"}


def night(service: Service, day: int, neighbour: str) -> str:
    now = datetime(2026, 1, day, 3, tzinfo=UTC)
    with service.lists.publishing(lock_s=10, keep=5, now=now) as publication:
        publication.write([("a", pack({neighbour: 0.5}))])
        publication.publish({"by": "cron", "started_at": now.isoformat(), "seconds": {"fit": 1.5, "write": 0.5}})
    return publication.version


@pytest.fixture
def versions(service: Service, publish: Publish) -> tuple[str, str]:
    publish(*(article(one) for one in "abc"))
    return night(service, 1, "b"), night(service, 2, "c")


def test_runs_are_told_newest_first_with_what_became_of_them(
    service: Service, client: FlaskClient, versions: tuple[str, str]
) -> None:
    """A refusal has its figures and limits; the current version is marked."""
    now = datetime(2026, 1, 3, tzinfo=UTC)
    facts = {"findings": [FINDING], "started_at": now.isoformat()}
    opened = service.lists.publishing(lock_s=10, keep=5, now=now, facts=lambda: facts)
    with pytest.raises(TrainingRefused), opened:
        raise TrainingRefused("too few articles")
    told = client.get("/v1/desk/nights", auth=AUTH).json
    assert told
    assert [one["outcome"] for one in told["nights"]] == ["refused", "published", "published"]
    assert [one["current"] for one in told["nights"]] == [False, True, False]
    assert told["nights"][0]["findings"] == [FINDING]
    assert (told["nights"][1]["by"], told["nights"][1]["duration_s"]) == ("cron", 2.0)
    assert told["current"] == versions[1]
    one = client.get("/v1/desk/nights/run", query_string={"run": versions[0]}, auth=AUTH).get_json()
    assert one == told["nights"][2]
    assert client.get("/v1/desk/nights/run?run=20200101T000000Z", auth=AUTH).status_code == 404
    text = client.get("/desk/nights", auth=AUTH).text
    assert "articles 4, limit 8, was 10" in text
    assert "Roll back" in text


def test_two_versions_are_compared_by_what_came_and_went(client: FlaskClient, versions: tuple[str, str]) -> None:
    """On the page by title, in the answer by id."""
    asked = {"old": versions[0], "new": versions[1]}
    (change,) = client.get("/v1/desk/nights/difference", query_string=asked, auth=AUTH).get_json()["changes"]
    assert (change["article_id"], change["came"], change["went"]) == ("a", ["c"], ["b"])
    assert "Title of c" in client.get("/desk/nights/difference", query_string=asked, auth=AUTH).text
    missing = {"old": "20200101T000000Z", "new": versions[1]}
    assert client.get("/desk/nights/difference", query_string=missing, auth=AUTH).status_code == 404


def test_readers_get_another_version_at_once_and_back(
    service: Service, client: FlaskClient, versions: tuple[str, str]
) -> None:
    """Back and forward; a version that is not kept is refused, and what readers see stays."""
    for version, listed in zip(versions, "bc", strict=True):
        assert client.post("/desk/nights/current", data={"version": version}, auth=AUTH).status_code == 303
        (first, *_) = client.get("/v1/related?article_id=a&count=1").get_json()["items"]
        assert first["id"] == listed
        assert service.trace.entries(limit=1)[0].after == {"version": version}
    for wrong in ("20200101T000000Z", "../../etc", ""):
        assert client.post("/desk/nights/current", data={"version": wrong}, auth=AUTH).status_code == 400
    assert service.lists.current == versions[1]


def test_a_report_is_shown_where_nothing_runs(service: Service, client: FlaskClient, versions: tuple[str, str]) -> None:
    """In a sandbox, under a policy without scripts; and no name leads out of the directory of models."""
    directory = service.shelf.path(versions[1])
    directory.mkdir(parents=True)
    (directory / "quality.html").write_text("<h1>Report</h1>", encoding="utf-8")
    shown = client.get(f"/desk/nights/report?run={versions[1]}", auth=AUTH)
    assert shown.text == "<h1>Report</h1>"
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert "script-src" not in policy
    assert "<iframe" in client.get(f"/desk/nights/run?run={versions[1]}", auth=AUTH).text
    assert client.get(f"/desk/nights/report?run={versions[0]}", auth=AUTH).status_code == 404
    for wrong in ("../desk.sqlite", "..", "20200101T000000Z/../x"):
        assert client.get("/desk/nights/report", query_string={"run": wrong}, auth=AUTH).status_code == 400


def test_a_run_that_died_is_told_too(service: Service, client: FlaskClient, redis: Redis, keys: Keys) -> None:
    """The next run tells of it, from what it left."""
    now, facts = datetime(2026, 1, 1, tzinfo=UTC), {"findings": [], "quality": {}, "by": "cron"}
    with service.lists.publishing(lock_s=10, keep=5, now=now, facts=lambda: facts) as dying:
        left = redis.hgetall(keys.staging)
    redis.delete(keys.runs)
    redis.hset(keys.staging, mapping=cast("Any", left))
    with service.lists.publishing(lock_s=10, keep=5, now=datetime(2026, 1, 2, tzinfo=UTC)):
        pass
    told = client.get("/v1/desk/nights", auth=AUTH).get_json()["nights"]
    assert [(one["run"], one["outcome"]) for one in told][1:] == [(dying.version, "died")]
    assert "its machine went away" in client.get("/desk/nights", auth=AUTH).text
