"""What operators ask: is it alive, is it well, what does it count, what does it offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.web import create_app
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
