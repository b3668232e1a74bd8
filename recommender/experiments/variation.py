"""Which settings a variant may have of its own, and the service's settings with them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from recommender.article import describe
from recommender.errors import ExperimentRefused
from recommender.experiments.experiment import Value
from recommender.settings import Settings

__all__ = ["VARIABLE", "varied"]

VARIABLE = (
    "trending_window",
    "trending_rank",
    "trending_auto",
    "trending_age_exponent",
    "trending_least_views",
    "trending_oldest_days",
    "trending_section_most",
    "trending_listed",
    "trending_stay_margin",
    "trending_longest_stay_h",
    "rising_least_views",
    "rising_prior_views",
    "related_freshness_share",
    "related_freshness_half_life_days",
    "related_section_boost",
    "related_story_most",
    "related_story_cosine",
    "related_story_days",
    "related_variety",
    "related_one_language",
    "related_readers",
)
"""Those that act when a box is filled, or when the candidates that every variant shares are ranked."""


def varied(settings: Settings, changes: Mapping[str, Value]) -> Settings:
    """Return the settings with some of other values.

    Raises
    ------
    ExperimentRefused
        With what is wrong.
    """
    if unknown := [name for name in changes if name not in VARIABLE]:
        raise ExperimentRefused(f"{', '.join(unknown)}: no variant can have that; it can have {', '.join(VARIABLE)}")
    if changes.get("related_readers") and not settings.related_readers:
        raise ExperimentRefused("related_readers: what readers also read is not learned, as the service is set")
    try:
        return Settings(**{**dict(settings), **changes})
    except ValidationError as error:
        raise ExperimentRefused(describe(error)) from error
