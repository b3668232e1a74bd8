"""Experiments for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from recommender.experiments.experiment import ExperimentRequest

__all__ = ["experiment_form", "request"]


def request(**fields: Any) -> ExperimentRequest:
    """Return a request for an experiment; what is not given is made up."""
    made_up = {
        "name": "calm",
        "hypothesis": "a test",
        "box": "trending",
        "ends_at": datetime.now(UTC) + timedelta(days=7),
        "variants": [
            {"name": "control", "share": 50},
            {"name": "viewed", "share": 50, "settings": {"trending_rank": "most_viewed"}},
        ],
    }
    return ExperimentRequest.model_validate(made_up | fields)


def experiment_form(**fields: str) -> dict[str, str]:
    """Return what the desk's form sends for an experiment."""
    made_up = {
        "name": "calm",
        "hypothesis": "a test",
        "box": "trending",
        "ends_at": f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%dT%H:%M}",
        "least_impressions": "1000",
        "share-0": "50",
        "variant-1": "viewed",
        "share-1": "50",
        "settings-1": "trending_rank = most_viewed",
        "variant-2": "",
        "share-2": "",
        "settings-2": "",
    }
    return made_up | fields
