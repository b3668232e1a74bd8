"""Coverage: which articles have a list of their own that fills a box."""

from __future__ import annotations

from collections import Counter

from jobs.progress import progress_bars
from jobs.refresh import refresh
from jobs.train import train
from recommender.intake import withdraw
from recommender.related.coverage import Covered, coverage
from recommender.related.growth import Growth
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article

WORDS = ("river", "flood", "dyke", "boat", "rain", "storm", "water", "bank", "bridge", "mayor", "mud", "road", "tunnel")
SECTIONS = ("World", "Sport", None)


def slow(growth: Growth, ids: list[str], sections: dict[str, str], length: int) -> list[Covered]:
    """Return the same by reading each article's list."""
    everybody = Counter(sections[one] for one in ids)
    full = Counter(sections[one] for one in ids if len(growth.list_of(one)) >= length)
    found = [Covered(section, count, full[section]) for section, count in everybody.items()]
    return sorted(found, key=lambda one: (-one.articles, one.section))


def test_coverage_is_that_of_the_lists_one_by_one(service: Service, publish: Publish) -> None:
    """After a night, and after articles that came and went since."""
    ids = [f"a{number}" for number in range(14)]
    sections = {one: ("world", "sport", "")[number % 3] for number, one in enumerate(ids)}
    articles = [
        article(
            one,
            title=f"Flood {number}",
            url=f"https://n.example/{number}",
            section=SECTIONS[number % 3],
            body=" ".join(WORDS[(number * step) % 13] for step in (1, 3, 5, 7)),
        )
        for number, one in enumerate(ids)
    ]
    publish(*articles[:12])
    version = train(service, progress_bars()).version
    assert version

    def same(ids: list[str]) -> bool:
        growth = service.shelf.growth(version)
        return all(coverage(growth, length) == slow(growth, ids, sections, length) for length in (1, 3, 5, 6, 50))

    assert same(ids[:12])
    publish(*articles[12:])
    withdraw("a3", service.archive, service.intake)
    assert refresh(service) == 3
    assert same([one for one in ids if one != "a3"])
