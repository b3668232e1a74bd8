"""Stories: groups of articles that tell the same, as the ranking has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from jobs.progress import progress_bars
from jobs.train import train
from recommender.related.growth import Growth
from recommender.related.stories import stories
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article

NOW = datetime(2026, 3, 5, tzinfo=UTC)
MATTERS = ("river flood dyke rain", "budget tax minister vote", "match goal league coach", "comet probe orbit dust")
IDS = [f"a{number}" for number in range(16)]


@pytest.fixture
def growth(service: Service, publish: Publish) -> Growth:
    """Four matters of four articles, of which the last is a week older and the first has no date."""
    random, own = Random(1), iter(f"own{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400))
    for number, one in enumerate(IDS):
        words = MATTERS[number // 4].split() * 2 + [next(own) for _ in range(6)]
        random.shuffle(words)
        older = timedelta(days=7 * (number % 4 == 3), hours=number)
        publish(
            article(
                one,
                title=f"{MATTERS[number // 4].split()[number % 4]} {next(own)}",
                url=f"https://n.example/{number}",
                body=" ".join(words),
                published_at=None if number == 0 else NOW - older,
            )
        )
    version = train(service, progress_bars()).version
    assert version
    return service.shelf.growth(version)


def slow(growth: Growth, ids: list[str]) -> list[set[str]]:
    """Return the same groups by following, one step at a time, who tells the same."""

    def same(one: str, other: str) -> bool:
        places = [growth.place(one) or 0, growth.place(other) or 0]
        first, second = growth.rows_of(places).toarray().astype(np.float64)
        moments = [growth.moment(place) for place in places]
        return bool(first @ second >= 0.45 and all(moments) and abs(moments[0] - moments[1]) <= 3 * 86_400)

    left, found = set(ids), []
    while left:
        group, fresh = set[str](), {min(left)}
        while fresh:
            group |= fresh
            fresh = {other for one in fresh for other in left if other not in group and same(one, other)}
        left -= group
        if len(group) > 1:
            found.append(group)
    return found


def test_stories_are_what_the_rule_of_the_lists_leads_to(growth: Growth) -> None:
    """As found by walking; the most read leads its story, and the words of the matter name it."""
    views = {one: float(number % 5 + number) for number, one in enumerate(IDS)} | {"unknown to the model": 99.0}
    found = stories(growth, views, 20)
    assert stories(growth, views, 2) == found[:2]
    assert sorted(map(sorted, (story.article_ids for story in found))) == sorted(map(sorted, slow(growth, IDS)))
    assert len(found) == 4
    assert not any("a0" in story.article_ids or "a3" in story.article_ids for story in found)
    assert [story.views for story in found] == sorted((story.views for story in found), reverse=True)
    for story in found:
        read = [views[one] for one in story.article_ids]
        assert read == sorted(read, reverse=True)
        assert story.views == sum(read)
        matter = MATTERS[int(story.article_ids[0].removeprefix("a")) // 4]
        assert set(story.words) <= set(matter.split())


def test_where_nothing_is_read_there_is_no_story(growth: Growth) -> None:
    assert stories(growth, {}, 20) == []
    assert stories(growth, {"a1": 3.0}, 20) == []
