"""Why an article stands in Trending, in a sentence whose figures are those of its score."""

from __future__ import annotations

import pytest

from recommender.answers import Source
from recommender.desk.reasons import reason
from recommender.trending.ranks import Place

BY_VIEWS = "12.0 views, counting half after 6 h, times 0.35 for its age"


@pytest.mark.parametrize(
    ("source", "parts", "factor", "expected"),
    [
        ("trending", {"views": 12.0, "age": 0.35}, None, BY_VIEWS),
        ("trending", {"views": 12.0, "age": 0.35}, 1.5, f"{BY_VIEWS}; times 1.5 by an editor"),
        ("trending", {"late": 9.0, "usual": 2.0}, None, "Read 4.2 times as much as usual"),
        ("trending", {}, None, "Views in 24h"),
        ("pinned", {}, 2.0, "Pinned by an editor"),
        ("section", {}, None, "The newest of its section, to fill the list"),
        ("latest", {}, None, "The newest of all, to fill the list"),
    ],
)  # fmt: skip
def test_a_reason_names_the_parts_of_the_score(
    source: Source, parts: dict[str, float], factor: float | None, expected: str
) -> None:
    assert reason(source, Place("a", 4.2, 7, parts), "24h", factor) == expected


def test_trees_are_told_by_what_mattered_most() -> None:
    """The three strongest factors, whichever way they work; what changed nothing is left out."""
    parts = {"base": 0.5, "1h": 3.0, "6h": 1.001, "24h": 0.9, "7d": 1.0, "age": 0.25, "hour": 1.1}
    assert reason("trending", Place("a", 0.37, 7, parts), "24h", None) == (
        "Expected to draw 0.37 % of the next hour's views: 0.5 %, times 0.25 for its age, times 3 for views in 1h, "
        "times 0.9 for views in 24h"
    )


def test_what_is_on_no_chart_was_filled_up() -> None:
    assert reason("trending", None, "24h", None) == "Trending, to fill the list"
