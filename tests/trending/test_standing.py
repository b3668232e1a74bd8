"""Who stays on a list: a margin against flicker, and a longest stay."""

from __future__ import annotations

from itertools import pairwise

from recommender.trending.standing import FORGOTTEN_S, Standing, StayRules

NOW = 1_750_000_000.0


def by_score(**scores: float) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def test_a_newcomer_must_beat_the_last_on_the_list_by_the_margin() -> None:
    """A tenth more is needed to come on the list; on it, and behind it, the score alone decides the order."""
    rules = StayRules(listed=2, margin=0.1, longest_s=0)
    order, standing = Standing().settle(by_score(a=10, b=9, c=8), rules, now=NOW)
    assert order == ["a", "b", "c"]
    order, standing = standing.settle(by_score(c=9.8, a=9, b=9), rules, now=NOW + 10)
    assert order == ["a", "b", "c"]
    order, standing = standing.settle(by_score(b=9.8, c=9.7, a=9), rules, now=NOW + 20)
    assert order == ["b", "a", "c"]
    order, standing = standing.settle(by_score(c=10, b=9.8, a=9), rules, now=NOW + 30)
    assert order == ["c", "b", "a"]
    assert (standing.since("c"), standing.since("b"), standing.since("a")) == (NOW + 30, NOW, None)


def test_scores_that_cross_back_and_forth_do_not_change_the_list() -> None:
    """Two articles that take turns by less than the margin change places a hundred times without it, never with it."""

    def lists(margin: float) -> list[frozenset[str]]:
        standing, seen = Standing(), []
        for moment in range(100):
            scores = by_score(a=10, b=9 + 0.2 * (moment % 2), c=9.1)
            _, standing = standing.settle(scores, StayRules(2, margin, 0), now=NOW + moment)
            seen.append(frozenset(standing.listed))
        return seen

    def changes(seen: list[frozenset[str]]) -> int:
        return sum(one != other for one, other in pairwise(seen))

    assert (changes(lists(0)), changes(lists(0.05))) == (99, 0)


def test_an_article_leaves_after_its_longest_stay_and_comes_back_once_it_was_forgotten() -> None:
    """However much it is read, it is off the list; an hour in which it is not read enough begins a new stay."""
    rules, scores = StayRules(listed=2, margin=0.05, longest_s=1000), by_score(a=10, b=9, c=8, d=7)
    _, standing = Standing().settle(scores, rules, now=NOW)
    assert standing.settle(scores, rules, now=NOW + 1000)[0] == ["a", "b", "c", "d"]
    later = NOW + 1001
    order, standing = standing.settle(scores, rules, now=later)
    assert order == ["c", "d"]
    order, standing = standing.settle(scores, rules, now=later + FORGOTTEN_S - 1)
    assert order == []  # the others have had their time by now, and the first two are still read
    unread = by_score(c=10, d=9, a=1, b=1)
    _, standing = standing.settle(unread, rules, now=later + FORGOTTEN_S)
    order, _ = standing.settle(scores, rules, now=later + 2 * FORGOTTEN_S)
    assert order[:2] == ["a", "b"]


def test_what_is_remembered_is_bounded_and_survives_being_written_down() -> None:
    """A list that is another every minute remembers two hundred articles, and the same of each when read again."""
    rules, standing = StayRules(listed=10, margin=0.05, longest_s=0), Standing()
    for minute in range(59):
        scores = by_score(**{f"m{minute}a{number}": 100 - number for number in range(20)})
        _, standing = standing.settle(scores, rules, now=NOW + 60 * minute)
    assert len(standing.stays) == 200
    assert set(standing.listed) <= set(standing.stays)
    assert Standing.from_json(standing.to_json()) == standing
    assert Standing.from_json(None) == Standing()


def test_a_list_is_written_down_when_it_changed_or_a_minute_has_passed() -> None:
    """Processes that make the same list do not write it over and over."""
    rules, scores = StayRules(listed=2, margin=0.05, longest_s=0), by_score(a=3, b=2, c=1)
    _, first = Standing().settle(scores, rules, now=NOW)
    assert first.is_news(Standing())
    assert not first.settle(by_score(b=3, a=2, c=1), rules, now=NOW + 59)[1].is_news(first)
    assert first.settle(scores, rules, now=NOW + 60)[1].is_news(first)
    assert first.settle(by_score(c=9, a=3, b=2), rules, now=NOW + 1)[1].is_news(first)
