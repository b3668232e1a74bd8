"""Copies and near-copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.related.copies import (
    SKETCH,
    CopyRule,
    fingerprint,
    near_copies,
    originals,
    resemblance,
    sketches,
    stand_ins,
    word_hashes,
)
from recommender.related.neighbours import Neighbours
from tests.newsroom import article

T = TypeVar("T")


def test_copies_are_found_whatever_their_markup() -> None:
    """Two articles with one text are copies: spaces, case, tags and titles make no difference, words do."""
    text = "The dyke at Mossbeck broke at dawn."
    same = [
        article("a", body=text),
        article("b", title="Another", body="<p>The  dyke at <b>Mossbeck</b></p><p>BROKE at dawn.</p>"),
    ]
    assert len({fingerprint(one) for one in same}) == 1
    assert fingerprint(article("c", body=text.replace("dawn", "noon"))) != fingerprint(same[0])
    assert fingerprint(article("d", title="One")) != fingerprint(article("e", title="Two"))


def test_the_newest_copy_stands_for_all() -> None:
    """Of copies, the newest is listed; of equally old ones, the first."""
    assert originals([b"x", b"y", b"x", b"x"], np.array([1.0, 9.0, 3.0, 3.0])).tolist() == [2, 1, 2, 2]


def sketched(words: list[str]) -> NDArray[np.uint32]:
    row: NDArray[np.uint32] = sketches([range(len(words))], word_hashes(words))[0]
    return row


def shingles(words: Sequence[T]) -> set[tuple[T, ...]]:
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


@pytest.mark.parametrize("changed", [0, 1, 4, 10, 40])
def test_sketches_estimate_the_share_of_common_shingles(changed: int) -> None:
    """The estimate is within three standard errors of the exact share, and exact for short texts."""
    random = np.random.default_rng(changed)
    for length in (30, 600):
        one = [str(word) for word in random.integers(0, 5000, length)]
        other = list(one)
        for place in random.integers(0, length, changed):
            other[place] = "changed"
        exact = len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))
        error = 3 * np.sqrt(exact * (1 - exact) / SKETCH) + 1e-9 if length > SKETCH else 1e-9
        assert resemblance(sketched(one)[None], sketched(other)[None]) == pytest.approx(exact, abs=error)


def test_many_texts_are_sketched_as_each_is_by_itself() -> None:
    """A sketch is the smallest hashes of a text's own runs, each once, whatever texts stand before and after it."""
    random = np.random.default_rng(1)
    hashes = word_hashes([f"word{number}" for number in range(60)])
    texts = [random.integers(0, 60, length).tolist() for length in [*range(9), 300, 0, 132, 133, 4]]
    texts.append(texts[9] * 2)
    found = sketches(texts, hashes)
    for text, row in zip(texts, found, strict=True):
        each = {sketches([run], hashes)[0, 0] for run in shingles(text)}
        smallest = sorted(each)[:SKETCH]
        assert row.tolist() == smallest + [2**32 - 1] * (SKETCH - len(smallest))
    assert sketches([], hashes).shape == (0, SKETCH)


@pytest.mark.parametrize("words", [[], ["one"], ["one", "two", "three", "four"]])
def test_texts_too_short_for_a_shingle_resemble_nothing(words: list[str]) -> None:
    assert resemblance(sketched(words)[None], sketched(words)[None]) == 0


def are_near(
    cosine: float, hours: float, one: list[str], other: list[str], headlines: tuple[int, int] = (0, 1)
) -> list[list[bool]]:
    neighbours = Neighbours(np.array([[1], [0]], dtype=np.int32), np.full((2, 1), cosine, dtype=np.float32))
    sketches, published = np.array([sketched(one), sketched(other)]), np.array([1e9, 1e9 + hours * 3600])
    rule = CopyRule(cosine=0.75, hours=48, shingles=0.5)
    found: list[list[bool]] = near_copies(neighbours, sketches, published, np.array(headlines), rule).toarray().tolist()
    return found


def test_near_copies_are_near_in_words_and_time_or_share_their_sentences() -> None:
    """An update within two days, or the same text at any time; the same subject a week later is another article."""
    words, rest = [str(number) for number in range(100)], [f"x{number}" for number in range(100)]
    for cosine, hours, other, near in (
        (0.8, 10, rest, True),
        (0.8, 100, rest, False),
        (0.7, 10, rest, False),
        (0.8, 100, words[:80], True),
        (0.5, 100, words[:80], True),
    ):
        assert are_near(cosine, hours, words, other) == [[False, near], [near, False]], (cosine, hours)


def test_one_headline_within_two_days_is_one_article() -> None:
    """A story rewritten under its headline is a copy; a column that always bears the same title is not."""
    words, rest = [str(number) for number in range(100)], [f"x{number}" for number in range(100)]
    for cosine, hours, near in ((0.45, 10, True), (0.45, 100, False), (0.3, 10, False)):
        found = are_near(cosine, hours, words, rest, headlines=(7, 7))
        assert found == [[False, near], [near, False]], (cosine, hours)


def test_no_two_articles_that_stand_for_others_are_copies() -> None:
    """In a chain of updates the newest stands for those like itself, and no two that are alike both stand."""
    chain = csr_array(np.eye(5, k=1, dtype=bool) | np.eye(5, k=-1, dtype=bool))
    published = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    chosen = stand_ins(np.arange(5), chain, published)
    assert chosen.tolist() == [0, 2, 2, 4, 4]
    assert not chain.toarray()[np.ix_(np.unique(chosen), np.unique(chosen))].any()
    assert stand_ins(np.array([0, 0, 2, 3, 4]), chain, published)[1] == 0
