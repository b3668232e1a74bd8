"""Trained weights: what they are made of, when they are used, and that they know nothing of the future."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from redis import Redis
from sklearn.ensemble import HistGradientBoostingRegressor

from jobs.foretelling import Choice, Learner, grow
from recommender.redis.keys import Keys
from recommender.trending.counters import Counters
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


def test_what_is_kept_of_a_tempo_is_all_of_it() -> None:
    """From JSON come the same boards, numbers and scores; what was kept before there were weights is still read."""
    trained = Tempo("6h", 0.75, grow(told()[:50]))
    kept = Tempo.from_json(trained.to_json())
    hour = told()[60]
    assert kept == trained
    assert (hour.score(kept) == hour.score(trained)).all()
    assert kept.boards == tuple(WINDOWS)
    assert replace(kept, trees=None).boards == ("6h",)
    assert Tempo.from_json('{"window": "7d", "age_exponent": 0.0}') == Tempo("7d", 0.0)


def test_nothing_is_learned_from_what_is_not_over() -> None:
    """Whatever comes after the moment of choice, or is under way at it, the choice is the same to the last digit."""
    past, future, forged = Learner(), Learner(), Learner()
    random = np.random.default_rng(1)
    now = START + 12 * DAY_S
    for hour in told():
        if hour.now + 3600 <= now:
            past.learn(hour)
        future.learn(hour)
        over = hour.now + 3600 <= now
        forged.learn(hour if over else replace(hour, truth=random.permutation(hour.truth) * 100))
    chosen = past.choose(now)
    assert chosen.trained
    assert chosen == future.choose(now) == forged.choose(now)


def test_weights_are_used_only_where_they_beat_the_formula_on_days_they_had_not_seen() -> None:
    """A tie, or too few hours, and the formula serves."""
    trained = Tempo("24h", 0.5, grow(told()[:30]))
    assert Choice(DEFAULT_TEMPO, trained, {"formula": 0.5, "trained": 0.51, "hours": 30}).tempo == trained
    assert Choice(DEFAULT_TEMPO, trained, {"formula": 0.5, "trained": 0.5, "hours": 30}).tempo == DEFAULT_TEMPO
    learner = Learner()
    for hour in told()[:40]:
        learner.learn(hour)
    chosen = learner.choose(START + 2 * DAY_S)
    assert (chosen.trained, chosen.held) == (None, {})


def test_weights_that_learned_a_world_now_turned_over_are_not_used() -> None:
    """Where the last days go against all before, what was trained on those loses to the formula, and says so."""
    learner = Learner()
    for hour in told():
        turned = hour.now < START + 3 * DAY_S  # then the oldest were read
        learner.learn(replace(hour, truth=hour.ages) if turned else hour)
    choice = learner.choose(START + 13 * DAY_S)
    assert choice.held["trained"] < choice.held["formula"]
    assert choice.tempo == choice.formula
    assert choice.as_facts()["uses"] == "formula"
    assert choice.as_facts()["held"]["hours"] > 200


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
    boards = {name: counters.top("decayed", WINDOWS[name], "", now=last.now, count=200) for name in tempo.boards}
    decayed = {name: np.array([board[str(one)] for one in last.articles]) for name, board in boards.items()}
    assert tempo.scores(decayed, last.ages, last.now) == pytest.approx(last.score(tempo), rel=1e-9)
