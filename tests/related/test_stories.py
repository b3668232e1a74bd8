"""Stories: groups of articles that stand high in each other's lists."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.related.stories import stories

IDS = [f"a{number}" for number in range(30)]


def slow(views: dict[str, int], lists: dict[str, list[str]]) -> list[set[str]]:
    """Return the same groups by following each article's mutual neighbours one step at a time."""
    left, found = set(views), []
    while left:
        group, fresh = set[str](), {min(left)}
        while fresh:
            group |= fresh
            fresh = {
                other
                for one in fresh
                for other in views
                if other not in group and other in lists.get(one, [])[:10] and one in lists.get(other, [])[:10]
            }
        left -= group
        if len(group) > 1:
            found.append(group)
    return found


@given(st.integers(0, 10_000))
def test_stories_are_what_mutual_neighbours_lead_to(seed: int) -> None:
    """As found by walking; the most read article leads its story, the most read story comes first."""
    random = Random(seed)
    views = {one: random.randint(0, 50) for one in IDS}
    lists = {one: random.sample(IDS, random.randint(0, 14)) for one in IDS if random.random() < 0.8}
    found = stories(views, lists)
    assert sorted(map(sorted, (story.article_ids for story in found))) == sorted(map(sorted, slow(views, lists)))
    assert [story.views for story in found] == sorted((story.views for story in found), reverse=True)
    for story in found:
        read = [views[one] for one in story.article_ids]
        assert read == sorted(read, reverse=True)
        assert story.views == sum(read)


@pytest.mark.parametrize(
    "lists", [{}, {"a": ["b"]}, {"a": ["b"], "b": ["c"], "c": ["a"]}, {"a": [*"0123456789b"], "b": ["a"]}]
)
def test_what_is_not_mutual_among_the_first_ten_is_no_story(lists: dict[str, list[str]]) -> None:
    assert stories(dict.fromkeys("abc", 1), lists) == []
