"""Experiments for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from recommender.experiments.experiment import ExperimentRequest

__all__ = ["request"]


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
