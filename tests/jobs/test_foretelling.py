"""Trained weights: what they are made of, when they are used, and that they know nothing of the future."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from redis import Redis
from sklearn.ensemble import HistGradientBoostingRegressor

from jobs.foretelling import Learner, grow
from recommender.redis.keys import Keys
from recommender.trending.choice import Choice, Judged
from recommender.trending.counters import Counters
from recommender.trending.ranks import ages_h, trending_places
from recommender.trending.replay import Hour, hours
from recommender.trending.tempo import DAY_S, DEFAULT_TEMPO, Tempo
from recommender.trending.trees import FEATURES, features
from recommender.trending.windows import WINDOWS
from recommender.view import View
from tests.trending.logs import START, random_log


@cache
def told() -> tuple[Hour, ...]:
    """Every hour of thirteen days that never were."""
    return tuple(hours(random_log(7, 16_000, 60, 13), since=START))


def rows_of(hour: Hour) -> np.ndarray:
    return features(hour.decayed, hour.ages, hour.now)


@pytest.fixture
def boosting(monkeypatch: pytest.MonkeyPatch) -> list[HistGradientBoostingRegressor]:
    """Every boosting that is fitted, in turn."""
    fitted: list[HistGradientBoostingRegressor] = []

    fit = HistGradientBoostingRegressor.fit

    def noted(self: HistGradientBoostingRegressor, *arguments: object, **named: object) -> object:
        fitted.append(self)
        return fit(self, *arguments, **named)

    monkeypatch.setattr(HistGradientBoostingRegressor, "fit", noted)
    return fitted


def test_the_trees_say_what_scikit_learn_says(boosting: list[HistGradientBoostingRegressor]) -> None:
    """Scores are scikit-learn's predictions, and an article's parts multiply to its score."""
    trees = grow(told()[:100])
    for hour in told()[100:110]:
        rows = rows_of(hour)
        assert trees.scores(rows) == pytest.approx(boosting[0].predict(rows), rel=1e-12)
        parts = trees.parts(rows)
        assert list(parts) == ["base", *FEATURES]
        assert np.prod(list(parts.values()), axis=0) == pytest.approx(trees.scores(rows), rel=1e-9)
        assert len(np.unique(trees.scores(rows))) > 10


def test_more_views_never_lower_an_article() -> None:
    """Whatever was in the history, a view more on any board is no view less in the score."""
    trees = grow(told()[:100])
    rows = rows_of(told()[120])
    scores = trees.scores(rows)
    for column in range(len(WINDOWS)):
        more = rows.copy()
        more[:, column] += np.random.default_rng(column).random(len(rows)) * 20
        assert (trees.scores(more) >= scores * (1 - 1e-9)).all()


def test_what_is_kept_of_a_choice_is_all_of_it() -> None:
    """From JSON come the same boards, numbers and scores."""
    trained = Tempo("6h", 0.75, grow(told()[:50]))
    choice = Choice(made_at=1.5, trained=trained, record=record((20, 0.5, 0.6)))
    again = Choice.model_validate_json(choice.model_dump_json())
    assert again == choice
    kept, hour = again.trained, told()[60]
    assert kept
    assert (hour.score(kept) == hour.score(trained)).all()
    assert kept.boards == tuple(WINDOWS)
    assert replace(kept, trees=None).boards == ("6h",)


def test_nothing_is_learned_from_what_is_not_over() -> None:
    """Whatever comes after the moment of choice, or is under way at it, the choice is the same to the last digit."""
    past, future, forged = Learner(), Learner(), Learner()
    random = np.random.default_rng(1)
    now = START + 5 * DAY_S
    for hour in told():
        if hour.now + 3600 <= now:
            past.learn(hour)
        future.learn(hour)
        over = hour.now + 3600 <= now
        forged.learn(hour if over else replace(hour, truth=random.permutation(hour.truth) * 100))
    before = Choice(made_at=now - DAY_S, trained=Tempo("24h", 0.5, grow(told()[:50])))
    chosen = past.choose(now, before)
    assert chosen.trained
    assert chosen.record[0].hours > 20
    assert chosen == future.choose(now, before) == forged.choose(now, before)


def record(*nights: tuple[int, float, float]) -> tuple[Judged, ...]:
    return tuple(
        Judged(until=START, hours=number, formula=(formula, 0.5), trained=(trained, 0.5))
        for number, formula, trained in nights
    )


def test_weights_are_used_only_where_they_beat_the_formula_on_hours_they_had_not_seen() -> None:
    """On nights weighed by their hours; at a tie, or after too few hours, the formula serves."""
    trained = Tempo("24h", 0.5, grow(told()[:30]))
    for nights, used in (
        (record((20, 0.5, 0.75), (10, 0.5, 0.01)), trained),
        (record((20, 0.5, 0.75), (10, 0.5, 0.0)), DEFAULT_TEMPO),
        (record((10, 0.5, 0.6), (30, 0.5, 0.45)), DEFAULT_TEMPO),
        (record((23, 0.1, 0.9)), DEFAULT_TEMPO),
        ((), DEFAULT_TEMPO),
    ):
        assert Choice(trained=trained, record=nights).tempo == used
        assert Choice(record=nights).tempo == DEFAULT_TEMPO
    facts = Choice(trained=trained, record=record((20, 0.5, 0.6), (10, 0.5, 0.33))).as_facts()
    assert (facts["uses"], facts["hours"]) == ("trained", 30)
    assert (facts["formula_p_at_10"], facts["trained_p_at_10"]) == (0.5, 0.51)


def test_each_night_is_judged_by_the_day_after_it_and_remembered_for_a_month() -> None:
    """The record holds what the choice before would have listed, at the hours since it was made and at no other."""
    learner, choice = Learner(), Choice()
    for hour in told():
        if hour.now == START + 6 * DAY_S:
            break
        if hour.now % DAY_S == 0:
            before, choice = choice, learner.choose(hour.now, choice)
        learner.learn(hour)
    assert [judged.until for judged in choice.record] == [START + day * DAY_S for day in range(2, 6)]
    assert before.trained
    day = [hour for hour in told() if before.made_at <= hour.now < choice.made_at and hour.telling]
    precision = np.mean([hour.hits(hour.score(before.trained))[0] for hour in day])
    assert choice.record[-1].hours == len(day)
    assert choice.record[-1].trained[0] == pytest.approx(precision)
    assert choice.record[-1].formula[0] == pytest.approx(
        np.mean([hour.hits(hour.score(before.formula))[0] for hour in day])
    )
    late = learner.choose(START + 60 * DAY_S, choice)
    assert [judged.until for judged in late.record] == [START + 60 * DAY_S]


def test_boards_in_redis_are_scored_as_the_replay_scores_them(redis: Redis, keys: Keys) -> None:
    """The same views, counted one by one: the weights see the same numbers and say the same."""
    log = random_log(11, 1500, 40, 1.0)
    *_, last = hours(log, since=START)
    counters = Counters(redis, keys, visitor_pause_s=1800, event_memory_s=60, board_size=10_000)
    redis.hset(keys.cards, mapping={str(one): "{}" for one in range(40)})
    for time, one in zip(log.times, log.articles, strict=True):
        if time < last.now:
            counters.count(View(article_id=str(one)), now=float(time))
    tempo = Tempo("24h", 0.5, grow(told()[:50]))
    boards = counters.leaders([WINDOWS[name] for name in tempo.boards], "", now=last.now, count=12)
    listed = [place for place, one in enumerate(last.articles) if str(one) in boards["24h"]]
    assert 12 < len(listed) < 40
    decayed = {name: np.array([boards[name][str(last.articles[place])] for place in listed]) for name in boards}
    expected = last.score(tempo)[listed]
    assert tempo.scores(decayed, last.ages[listed], last.now) == pytest.approx(expected, rel=1e-9)
    born = {str(last.articles[place]): float(log.born[last.articles[place]]) for place in listed}
    ranked = trending_places(boards, ages_h(born, last.now), tempo, now=last.now)
    assert [place.score for place in ranked] == pytest.approx(sorted(expected, reverse=True), rel=1e-9)
