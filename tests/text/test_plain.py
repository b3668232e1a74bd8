"""Tests of HTML as the text that a reader reads."""

from __future__ import annotations

import pytest

from recommender.text.plain import plain_text


@pytest.mark.parametrize(
    "box",
    [
        '<div data-recommender="related"><section class="recommender"><h2>Read</h2>Ferry</section></div>',
        '<section class="recommender" data-box="trending"><h2>Trending</h2><ol><li>Ferry</li></ol></section>',
    ],
)
def test_our_own_boxes_are_no_part_of_what_an_article_says(box: str) -> None:
    """An article whose page delivers the boxes within its body has the text that it has without them."""
    text = plain_text(f"<p>The lock opens.</p>{box}<p>Boats wait &amp; sound.</p>")
    assert text.split() == ["The", "lock", "opens.", "Boats", "wait", "&", "sound."]
