"""The probability of being the best: against a closed form, against draws, and on experiments that are known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta

from recommender.answers import BoxName
from recommender.clicks.clicks import Tally
from recommender.experiments.experiment import Experiment
from recommender.experiments.judging import rates
from recommender.experiments.report import report
from tests.experiments.trying import request

NOW = datetime.now(UTC)
CASES = [
    ([1000, 1000], [50, 80]),
    ([1000, 1100, 900], [50, 60, 50]),
    ([10, 10], [0, 10]),
    ([0, 0, 0], [0, 0, 0]),
    ([5, 1_000_000], [1, 50_000]),
    ([1_000_000, 1_000_000, 20], [50_000, 50_200, 1]),
]


@pytest.mark.parametrize(("impressions", "clicks"), CASES)
def test_it_is_what_many_draws_say(impressions: list[int], clicks: list[int]) -> None:
    """Probability, expected loss and interval are those of 200,000 draws, within five standard errors."""
    shown, clicked, draws = np.array(impressions), np.array(clicks), 200_000
    drawn = np.random.default_rng(1).beta(clicked + 0.5, shown - clicked + 0.5, (draws, len(shown)))
    best = np.bincount(drawn.argmax(axis=1), minlength=len(shown)) / draws
    lost = drawn.max(axis=1)[:, None] - drawn
    found = rates(impressions, clicks)
    assert np.abs(best - [one.best for one in found]).max() < 5 * 0.5 / draws**0.5
    assert (np.abs(lost.mean(axis=0) - [one.loss for one in found]) <= 5 * lost.std(axis=0) / draws**0.5 + 1e-12).all()
    covered = (drawn >= [one.low for one in found]) & (drawn <= [one.high for one in found])
    assert np.abs(covered.mean(axis=0) - 0.95).max() < 5 * (0.95 * 0.05 / draws) ** 0.5
    assert sum(one.best for one in found) == pytest.approx(1)


@pytest.mark.parametrize(("impressions", "clicks"), [([100, 120], [7, 15]), ([20_000, 20_000], [1000, 1060])])
def test_it_is_what_the_integral_says(impressions: list[int], clicks: list[int]) -> None:
    """Of two, to four places, by another way of integrating."""
    one, other = (beta(k + 0.5, n - k + 0.5) for n, k in zip(impressions, clicks, strict=True))
    expected, _ = quad(lambda x: other.pdf(x) * one.cdf(x), *other.interval(1 - 1e-12))
    assert rates(impressions, clicks)[1].best == pytest.approx(expected, abs=1e-4)


def experiment(**fields: object) -> Experiment:
    made_up = {"by": "anna", "started_at": NOW - timedelta(days=8), "ends_at": NOW - timedelta(days=1)}
    return Experiment.model_validate(dict(request()) | made_up | fields)


def counted(clicks: dict[str, int], impressions: int, box: BoxName = "trending", day: int = 20_000) -> list[Tally]:
    return [Tally(day, box, 0, "", f"calm_{name}", impressions, number) for name, number in clicks.items()]


def judged(seen: list[Tally], **fields: object) -> tuple[str, str | None]:
    found = report(experiment(**fields), seen, certainty=0.975, now=NOW)
    return found.verdict, found.winner


def test_equals_have_a_winner_as_seldom_as_is_said() -> None:
    """Of 1,000 experiments of equals, 5 in a hundred have a winner at a certainty of .975 (5 standard errors)."""
    clicks = np.random.default_rng(7).binomial(2000, 0.05, (1000, 2))
    winners = sum(max(one.best for one in rates([2000, 2000], pair.tolist())) >= 0.975 for pair in clicks)
    assert abs(winners - 50) < 5 * (1000 * 0.05 * 0.95) ** 0.5


def test_looking_every_day_finds_winners_among_equals() -> None:
    """Why none is called before the end: stopped at the first good day of ten, equals have one far more often."""
    clicks = np.random.default_rng(7).binomial(200, 0.05, (60, 10, 2)).cumsum(axis=1)
    shown = np.arange(200, 2001, 200)
    stopped = sum(
        any(
            max(one.best for one in rates([n, n], pair.tolist())) >= 0.975
            for n, pair in zip(shown.tolist(), days, strict=True)
        )
        for days in clicks
    )
    assert stopped / 60 > 0.12


def test_a_known_difference_is_found() -> None:
    """6 % against 5 % of 20,000 each: in nearly every one of 200 experiments the better one wins, in none the other."""
    random = np.random.default_rng(7)
    clicks = np.stack([random.binomial(20_000, rate, 200) for rate in (0.05, 0.06)], axis=1)
    found = [judged(counted(dict(zip(("control", "viewed"), pair, strict=True)), 20_000)) for pair in clicks.tolist()]
    assert found.count(("decided", "calm_viewed")) > 190
    assert found.count(("decided", "calm_control")) == 0


def test_no_winner_before_the_end() -> None:
    """However it looks; the probability is shown, and the verdict is that it runs."""
    seen = counted({"control": 50, "viewed": 500}, 5000)
    assert judged(seen) == ("decided", "calm_viewed")
    assert judged(seen, ends_at=NOW + timedelta(days=1)) == ("running", None)
    early = {"ended_at": NOW - timedelta(days=2), "ends_at": NOW + timedelta(days=1)}
    assert judged(seen, **early) == ("ended early", None)


def test_no_probability_before_the_least_sample() -> None:
    """Each variant has to be seen often enough in the judged box."""
    few = [*counted({"control": 50}, 5000), *counted({"viewed": 500}, 999)]
    assert judged(few) == ("too few", None)
    found = report(experiment(), few, certainty=0.975, now=NOW)
    assert [one.best for one in found.boxes[1].variants] == [None, None]
    assert found.least_shown == 999
    assert judged([]) == ("too few", None)


def test_it_is_judged_by_its_box_and_its_days_add_up() -> None:
    """The other box is reported and decides nothing; other experiments' variants and single places are not."""
    later = counted({"control": 50, "viewed": 51}, 1000, day=20_001)
    seen = [
        *later,
        *counted({"control": 50, "viewed": 49}, 1000),
        *counted({"control": 50, "viewed": 90}, 1000, "related"),
    ]
    stranger = Tally(20_000, "trending", 0, "", "other_viewed", 10_000, 9000)
    place = Tally(20_000, "trending", 1, "trending", "calm_viewed", 1000, 40)
    found = report(experiment(), [*seen, stranger, place], certainty=0.975, now=NOW)
    assert (found.verdict, found.winner) == ("undecided", None)
    related, trending = found.boxes
    assert [(one.variant, one.impressions, one.clicks) for one in trending.variants] == [
        ("calm_control", 2000, 100),
        ("calm_viewed", 2000, 100),
    ]
    assert [day.day.isoformat() for day in trending.variants[0].days] == ["2024-10-04", "2024-10-05"]
    assert related.variants[1].best is not None
    assert related.variants[1].best > 0.99
    assert report(experiment(box="related"), seen, certainty=0.975, now=NOW).winner == "calm_viewed"
