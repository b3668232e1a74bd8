"""Who gets which variant: the same for ever, by share, and independent from one experiment to the next."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.experiments.assignment import assigned, bounds, factor
from tests.experiments.trying import request

SHARES = {"control": 50, "a": 20, "b": 20}


@given(visitor=st.text(max_size=128))
def test_it_is_what_the_documentation_says(visitor: str) -> None:
    """Worked out again in hexadecimal, as a site's own server may do it."""
    percent = int(hashlib.sha256(f"calm\n{visitor}".encode()).hexdigest()[:16], 16) * 100 / 16**16
    expected = "control" if percent < 50 else "a" if percent < 70 else "b" if percent < 90 else None
    assert assigned("calm", visitor, SHARES) == expected


def test_shares_come_out_as_asked_for() -> None:
    """Of 20,000 visitors each variant gets its share, and the rest is in no experiment (5 standard errors)."""
    found = [assigned("calm", f"visitor {number}", SHARES) for number in range(20_000)]
    for variant, share in (*SHARES.items(), (None, 10)):
        expected = 20_000 * share / 100
        assert abs(found.count(variant) - expected) < 5 * (expected * (1 - share / 100)) ** 0.5


def test_one_experiment_says_nothing_of_the_next() -> None:
    """Those who had the variant before are split anew by half."""
    halves = {"control": 50, "other": 50}
    before = [one for one in map(str, range(10_000)) if assigned("first", one, halves) == "other"]
    again = sum(assigned("second", one, halves) == "other" for one in before)
    assert abs(again - len(before) / 2) < 5 * (len(before) / 4) ** 0.5


@pytest.mark.parametrize("other", ["second", "third", "calm-2", "calm-3"])
def test_a_browsers_number_is_divided_anew_by_each_experiment(other: str) -> None:
    """Of those in one half of the first experiment, half are in each half of another; and each half is a half."""
    numbers = np.random.default_rng(1).random(20_000)
    one, two = (numbers * factor(name) % 1 < 0.5 for name in ("calm-1", other))
    for share in (one.mean(), two.mean(), two[one].mean(), two[~one].mean()):
        assert abs(share - 0.5) < 5 * (0.25 / 10_000) ** 0.5


def test_other_shares_move_only_who_has_to_move() -> None:
    """From 50 to 60 percent nobody leaves the first variant, and a tenth of all comes to it."""
    visitors = [str(number) for number in range(10_000)]
    before = [assigned("calm", one, {"control": 50, "other": 50}) for one in visitors]
    after = [assigned("calm", one, {"control": 60, "other": 40}) for one in visitors]
    moved = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert set(moved) == {("other", "control")}
    assert abs(len(moved) - 1000) < 5 * 900**0.5


def test_bounds_are_the_shares_added_up() -> None:
    """In the order given; the last is what is in the experiment at all."""
    assert bounds(SHARES) == pytest.approx({"control": 0.5, "a": 0.7, "b": 0.9})


def test_an_experiment_assigns_the_names_in_its_addresses() -> None:
    """A variant's name in addresses holds the experiment's, so that none is taken for another's."""
    one = request()
    assert {one.variant_of(str(number)) for number in range(50)} == {"calm_control", "calm_viewed"}
