"""How boxes are filled: by the site's settings, or by a variant's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from recommender.related.rules import RelatedRules
from recommender.settings import Settings
from recommender.trending.charts import ChartRules
from recommender.trending.standing import StayRules
from recommender.trending.windows import Rank, WindowName

__all__ = ["BoxRules"]


@dataclass(frozen=True, slots=True)
class BoxRules:
    """What is decided about the boxes of one answer.

    Attributes
    ----------
    variant : str or None
        Whose rules these are; None: the site's.
    window, rank : str
        Of Trending, where the page names none.
    section_most : int or None
        Articles of one section in a Trending box that is of no section; None: any number.
    charts : ChartRules
    related : RelatedRules
    """

    variant: str | None
    window: WindowName
    rank: Rank
    section_most: int | None
    charts: ChartRules
    related: RelatedRules

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the rules of a site's settings."""
        return cls(
            variant=None,
            window=settings.trending_window,
            rank=settings.trending_rank,
            section_most=settings.trending_section_most or None,
            charts=ChartRules(
                auto=settings.trending_auto,
                age_exponent=settings.trending_age_exponent,
                least_views=settings.trending_least_views,
                oldest_s=settings.trending_oldest_days * 86_400,
                rising_least=settings.rising_least_views,
                rising_prior=settings.rising_prior_views,
                stay=StayRules(
                    listed=settings.trending_listed,
                    margin=settings.trending_stay_margin,
                    longest_s=settings.trending_longest_stay_h * 3600,
                ),
            ),
            related=RelatedRules.of(settings),
        )

    def varied(self, variant: str, settings: Settings) -> Self:
        """Return the rules of a variant beside these, the site's; charts and lists by the same rules are shared."""
        own = self.of(settings)
        charts, related = own.charts, own.related
        return replace(
            own,
            variant=variant,
            charts=charts if charts == self.charts else replace(charts, variant=variant),
            related=related if related == self.related else replace(related, variant=variant),
        )
