"""Evaluation of Trending on logs of views."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs.evaluate_trending import evaluate_trending
from recommender.cli import main
from tests.shared import shared_file
from tests.trending.logs import part_of

SIMPLE = {"all_time", "last_hour", "last_24h", "newest", "decay_6h", "hacker_news", "reddit"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["evaluate", "trending", *map(str, arguments), "--json"])


@pytest.mark.benchmark
@pytest.mark.parametrize("name", ["portal-2016", "frontpage-2020"])
def test_no_simple_rule_foretells_the_next_hour_better(name: str) -> None:
    """On a portal and on a front page, whose tempos differ, what is served by default is above every simple rule."""
    result = run("--views", shared_file(f"views/{name}.csv.gz"))
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    assert set(figures) == {"trending", "trained", "most_viewed", "rising", "windows", *SIMPLE}
    for rule in SIMPLE:
        assert figures["trending"]["p_at_10"] > figures[rule]["p_at_10"], rule
    assert figures["windows"] == {"portal-2016": 641, "frontpage-2020": 982}[name]


@pytest.mark.parametrize(("name", "first", "last"), [("portal-2016", 45, 85), ("frontpage-2020", 0, 19)])
def test_no_simple_rule_foretells_some_days_better(name: str, first: int, last: int) -> None:
    """The same on a part of each log."""
    log = part_of(shared_file(f"views/{name}.csv.gz"), first, last)
    figures = evaluate_trending(log, tick=lambda *_: None)
    trending = figures["trending"]
    assert isinstance(trending, dict)
    for rule in SIMPLE:
        simple = figures[rule]
        assert isinstance(simple, dict)
        assert trending["p_at_10"] > simple["p_at_10"], rule


def write(path: Path, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_only_full_hours_from_a_moment_on_are_scored(tmp_path: Path) -> None:
    """Times may be RFC 3339 and in any order, counts may be given, and --since leaves earlier hours to training."""
    rows = [
        (f"2026-01-{day:02}T{hour:02}:30:00Z", f"a{number}", 3)
        for day in range(1, 18)
        for hour in range(24)
        for number in range(12)
    ]
    views = write(tmp_path / "views.csv", [("timestamp", "article_id", "count"), *rows[::-1]])
    every, later = run("--views", views), run("--views", views, "--since", "2026-01-17")
    # From the 15th, 01:00 (14 days after 00:30, at a full hour) to the last full hour.
    assert json.loads(every.stdout)["windows"] == 3 * 24 - 2
    assert json.loads(later.stdout)["windows"] == 23
    ranks = {"trending", "trained", "most_viewed", "rising", "windows"}
    assert json.loads(every.stdout).keys() == json.loads(later.stdout).keys() == ranks | SIMPLE
    assert json.loads(every.stdout)["trending"] == {"p_at_10": 1.0, "captured": 1.0}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("time", "article_id"), (1, "a")], "no column timestamp"),
        ([("timestamp", "article_id"), ("soon", "a")], "line 2"),
        ([("timestamp", "article_id")], "has no views"),
        ([("timestamp", "article_id"), (1, "a")], "no hour"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, rows: list[tuple[object, ...]], problem: str) -> None:
    result = run("--views", write(tmp_path / "views.csv", rows))
    assert result.exit_code == 1
    assert problem in result.stderr.splitlines()[-1]


def test_a_wrong_horizon_is_wrong_usage(tmp_path: Path) -> None:
    views = write(tmp_path / "views.csv", [("timestamp", "article_id"), (1, "a")])
    assert run("--views", views, "--horizon", "soon").exit_code == 2
