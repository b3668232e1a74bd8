"""Serving: what is counted of every answer that goes to a reader."""

from __future__ import annotations

import time
from typing import TypeVar

from flask import current_app

from recommender.answers import RelatedAnswer, TrendingAnswer, WidgetsAnswer
from recommender.web.parts import parts

__all__ = ["served"]

Served = TypeVar("Served", bound=RelatedAnswer | TrendingAnswer | WidgetsAnswer)


def served(answer: Served) -> Served:
    """Count what the boxes of an answer hold, and whether it is stale; return it."""
    metrics, now = current_app.extensions["metrics"], time.time()
    if answer.stale:
        metrics.stale_answers.inc()
    for box, items in answer.boxes.items():
        parts().served.count(box, items, now=now)
        for item in items:
            metrics.items.labels(box, item.source).inc()
    return answer
