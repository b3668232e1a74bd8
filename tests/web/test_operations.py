"""What operators ask: is it alive, is it well, what does it count, what does it offer."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from jobs.import_views import Filter, import_views
from jobs.sightings import by_address
from jobs.sources.document import open_file
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.web import create_app
from tests.conftest import BROWSER
from tests.newsroom import article

Publish = Callable[..., None]


def test_ready_says_what_is_wrong_by_name(client: FlaskClient, service: Service, publish: Publish) -> None:
    """Each thing that keeps the boxes from being filled is named, until none is left."""

    def problems() -> dict[str, str]:
        response = client.get("/health/ready")
        assert (response.status_code == 200) == (not response.get_json()["problems"])
        return response.get_json()["problems"]  # type: ignore[no-any-return]

    assert client.get("/health/live").get_json() == {"status": "live"}
    assert problems().keys() == {"articles"}
    publish(article("a"))
    assert problems() == {"model": "none is published yet; run: recommender train"}
    with service.lists.publishing(lock_s=10, keep=3, now=datetime.now(UTC)) as publication:
        publication.publish({"lists": 0})
    assert problems() == {}
    service.redis.config_set("maxmemory-policy", "allkeys-lru")
    assert "set it to noeviction" in problems()["eviction"]
    service.redis.config_set("maxmemory-policy", "noeviction")
    service.redis.flushall()
    assert "Redis has lost all 1" in problems()["articles"]


def test_while_redis_is_away_views_are_refused_and_counted_as_such(settings: Settings, tmp_path: Path) -> None:
    """A view that cannot be counted is 503 with a time to come back, and a metric says how many."""
    with open_service(settings, f"unix://{tmp_path}/nowhere.sock", timeout_s=0.1) as service:
        client = create_app(service).test_client()
        response = client.post("/v1/views", json={"article_id": "a"})
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert "redis" in client.get("/health/ready").get_json()["problems"]
        assert client.get("/health/live").status_code == 200
        assert client.get("/v1/widgets?article_id=a").get_json()["stale"] is True
        token = settings.api_token.get_secret_value() if settings.api_token else ""
        pushed = client.post(
            "/v1/articles",
            json={"id": "a", "title": "T", "url": "https://news.example/a"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert (pushed.status_code, pushed.headers["Retry-After"]) == (503, "2")
        metrics = samples(client)
        assert metrics["recommender_refused_views_total", ()] == 1
        assert metrics["recommender_stale_answers_total", ()] == 1
        assert metrics["recommender_redis_up", ()] == 0


def test_metrics_can_be_read_by_prometheus(client: FlaskClient, publish: Publish) -> None:
    """Views by outcome, articles, and request times by endpoint are there in Prometheus's format."""
    publish(article("a"))
    client.post("/v1/views", json={"article_id": "a"})
    client.get("/v1/trending")
    metrics = samples(client)
    assert metrics["recommender_views_total", (("outcome", "counted"),)] == 1
    assert metrics["recommender_articles", ()] == 1
    assert metrics["recommender_redis_up", ()] == 1
    labels = (("endpoint", "public.trending"), ("method", "GET"), ("status", "200"))
    assert metrics["recommender_request_seconds_count", labels] == 1


def test_the_openapi_document_describes_every_endpoint(client: FlaskClient) -> None:
    """Each route of the interface is in the document, with a summary and its parameters' limits."""
    document = client.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    described = {
        (path, method) for path, methods in document["paths"].items() for method in methods if method != "parameters"
    }
    routes = {
        (str(rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        if str(rule).startswith(("/v1", "/health", "/widgets", "/embed", "/feeds"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes
    related = document["paths"]["/v1/related"]["get"]
    assert related["summary"]
    limit = next(parameter for parameter in related["parameters"] if parameter["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"], limit["schema"]["default"]) == (1, 50, 6)


def test_the_api_has_a_page_for_people(client: FlaskClient) -> None:
    """The same document is shown as a page, without anything from elsewhere."""
    response = client.get("/docs")
    assert response.status_code == 200
    assert "/v1/widgets" in response.get_data(as_text=True)
    assert (
        "script-src" in response.headers["Content-Security-Policy"]
        or "default-src 'self'" in response.headers["Content-Security-Policy"]
    )


def samples(client: FlaskClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read the metrics as Prometheus does: name and labels to value."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_reason_is_counted_in_metrics_and_by_day(
    client: FlaskClient, service: Service, publish: Publish, tmp_path: Path
) -> None:
    """Whether a view came as a beacon or in a file."""
    publish(article("a"))
    site = create_app(
        replace(service, settings=service.settings.model_copy(update={"trusted_proxies": 1}))
    ).test_client()

    def post(body: str, **headers: str) -> None:
        site.post("/v1/views", data=body, headers=BROWSER | {"X-Forwarded-For": "9.9.9.9"} | headers)

    for body in (
        *(json.dumps({"article_id": "a", "visitor_id": str(one)}) for one in range(4)),  # the fourth is one too many
        '{"article_id": "a", "visitor_id": "0"}',
        '{"article_id": "nobody\'s"}',
        '{"article_id": "a", "event_id": ',
    ):
        post(body)
    for _ in range(2):
        post('{"article_id": "a", "event_id": "e", "visitor_id": "e"}', **{"X-Forwarded-For": "8.8.8.8"})
    post('{"article_id": "a"}', **{"User-Agent": "Googlebot/2.1"})
    post('{"article_id": "a"}', **{"Sec-Purpose": "prefetch;prerender"})
    once = dict.fromkeys(("network", "repeat", "unknown", "malformed", "replayed", "bot", "prefetch"), 1)
    assert reasons(client, service) == once | {"counted": 4}

    now = int(time.time())
    file = tmp_path / "views.csv"
    rows = [
        *(f"{now},b,{one},,9.9.9.9," for one in range(4)),
        f"{now},b,0,,9.9.9.9,",
        f"{now},nobody's,0,,,",
        f"{now},b",
        f"{now},b,e,,8.8.8.8,e",
        f"{now},b,e,,8.8.8.8,e",
        f"{now},b,,Googlebot/2.1,,",
    ]
    file.write_text("\n".join(["timestamp,article_id,visitor_id,user_agent,ip,event_id", *rows, ""]))
    publish(article("b"))
    rules = Filter(visitor_pause_s=1800, network_share=0.05, network_allowance=3)
    with open_file(file, lambda *_: None) as document:
        import_views(document, service.counters, by_address([]), rules, now=now)
    twice = {reason: 1 if reason == "prefetch" else 2 for reason in once}
    assert reasons(client, service) == twice | {"counted": 8}


def reasons(client: FlaskClient, service: Service) -> dict[str, float]:
    """Return how many views had each outcome, which metrics and today's counts agree on."""
    told = {
        labels[0][1]: count for (name, labels), count in samples(client).items() if name == "recommender_views_total"
    }
    by_day = service.counters.outcomes_by_day(now=time.time(), days=2)  # it may have been midnight meanwhile
    assert told == sum(map(Counter, by_day), Counter())
    return told
