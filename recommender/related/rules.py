"""How Related lists are ranked: by the site's settings, or by a variant's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from recommender.related.ranking import Ranking
from recommender.settings import Settings

__all__ = ["RelatedRules"]


@dataclass(frozen=True, slots=True)
class RelatedRules:
    """What a site, or a variant, has decided about its Related lists.

    Attributes
    ----------
    ranking : Ranking
    readers : bool
        Whether readers' choice is blended in.
    variant : str
        Whose rules these are, and who has lists of its own; empty: the site's.
    """

    ranking: Ranking
    readers: bool
    variant: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the rules of settings."""
        ranking = Ranking(
            keep=settings.related_keep,
            floor=settings.related_floor,
            freshness_share=settings.related_freshness_share,
            freshness_half_life=settings.related_freshness_half_life_days,
            section_boost=settings.related_section_boost,
            story_most=settings.related_story_most,
            story_cosine=settings.related_story_cosine,
            story_days=settings.related_story_days,
            variety=settings.related_variety,
            one_language=settings.related_one_language,
        )
        return cls(ranking, settings.related_readers)
