"""Metrics for Prometheus, added up over the worker processes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from recommender.service import Service

__all__ = ["Metrics", "init_metrics"]

_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """What this process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "recommender_request_seconds",
            "Time to answer a request.",
            ["endpoint", "method", "status"],
            registry=self.registry,
            buckets=_BUCKETS_S,
        )
        self.stale_answers = Counter(
            "recommender_stale_answers_total", "Answers made without Redis.", registry=self.registry
        )
        self.items = Counter(
            "recommender_items_total",
            "Items of boxes that were served, by where they came from.",
            ["box", "source"],
            registry=self.registry,
        )
        self.refused_views = Counter(
            "recommender_refused_views_total", "Views answered 503 because Redis was away.", registry=self.registry
        )
        self.impressions = Counter(
            "recommender_impressions_total",
            "Boxes that pages told to be in sight, by what became of it.",
            ["box", "outcome"],
            registry=self.registry,
        )
        self.clicks = Counter(
            "recommender_clicks_total",
            "Clicks that views named, by what became of them.",
            ["box", "outcome"],
            registry=self.registry,
        )

    def of_all_processes(self) -> CollectorRegistry:
        """Return what this process counted, added up with the others beside it."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return self.registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry


class _Shared(Collector):
    """What Redis knows for all processes; left out while it is away."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        service = self._service
        up = GaugeMetricFamily("recommender_redis_up", "Whether Redis answers.")
        try:
            views = CounterMetricFamily("recommender_views", "Views by what became of them.", labels=["outcome"])
            for outcome, number in service.counters.outcomes().items():
                views.add_metric([outcome], number)
            articles = GaugeMetricFamily(
                "recommender_articles", "Articles readers may see.", value=len(service.catalogue)
            )
            age = GaugeMetricFamily("recommender_model_age_seconds", "Time since the current model was published.")
            facts = service.lists.versions().get(service.lists.current or "")
            if facts:
                published_at = datetime.fromisoformat(facts["published_at"])
                age.add_metric([], time.time() - published_at.timestamp())
        except RedisError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield from (up, views, articles, age)


def init_metrics(app: Flask, service: Service) -> None:
    """Time the requests of an application, and serve ``/metrics``."""
    metrics = app.extensions["metrics"] = Metrics()
    shared = CollectorRegistry()
    shared.register(_Shared(service))

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def measure(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        seconds = time.perf_counter() - g.started
        metrics.requests.labels(endpoint, request.method, response.status_code).observe(seconds)
        return response

    @app.get("/metrics")
    def show_metrics() -> Response:
        """Give the metrics in Prometheus's text format."""
        own = generate_latest(metrics.of_all_processes())
        return Response(own + generate_latest(shared), content_type=CONTENT_TYPE_LATEST)
