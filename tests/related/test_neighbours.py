"""Neighbours against dense NumPy cosine, and TF-IDF against its formula written out."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related import neighbours
from recommender.related.copies import fingerprint, originals
from recommender.related.neighbours import nearest
from recommender.text.tfidf import tfidf_rows
from recommender.text.words import words
from tests.newsroom import article

VOCABULARY = ["river", "flood", "dyke", "election", "coalition", "poll", "ferry", "harbour", "striker", "goal"]

texts = st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join), min_size=1, max_size=24)


def dense_tfidf(documents: list[str]) -> NDArray[np.float64]:
    """(1 + ln tf) * (ln((1 + n) / (1 + df)) + 1), rows of length 1, words of one document left out."""
    counts = [Counter(words(document, "en")) for document in documents]
    df = Counter(word for count in counts for word in count)
    kept = [word for word in VOCABULARY if df[word] >= min(2, len(documents))]
    idf = [math.log((1 + len(documents)) / (1 + df[word])) + 1 for word in kept]
    rows = np.array(
        [
            [
                (1 + math.log(count[word])) * weight if count[word] else 0.0
                for word, weight in zip(kept, idf, strict=True)
            ]
            for count in counts
        ]
    ).reshape(len(documents), len(kept))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def dense_nearest(
    rows: NDArray[np.float64], stand_ins: NDArray[np.int64], k: int, floor: float
) -> list[list[tuple[float, int]]]:
    """All cosines, sorted: the slow and obvious way."""
    cosines = rows @ rows.T
    listed = [other for other in range(len(rows)) if stand_ins[other] == other]
    return [
        sorted(
            (-cosines[one, other], other)
            for other in listed
            if other != stand_ins[one] and cosines[one, other] >= max(floor, 1e-6)
        )[:k]
        for one in range(len(rows))
    ]


@pytest.fixture(params=["sparse_dot_topn", "scipy"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of multiplying; the second is what a machine without the compiled package runs."""
    if request.param == "scipy":
        monkeypatch.setattr(neighbours, "sp_matmul_topn", None)
    else:
        pytest.importorskip("sparse_dot_topn")
    monkeypatch.setattr(neighbours, "_BLOCK", 5)  # so that small cases have several blocks
    return str(request.param)


@given(documents=texts, k=st.integers(1, 30), floor=st.sampled_from([0.0, 0.05, 0.5]))
@settings(max_examples=1000, deadline=None)
def check_lists(documents: list[str], k: int, floor: float) -> None:
    rows = tfidf_rows(((document, "en") for document in documents), len(documents))
    dense = dense_tfidf(documents)
    assert rows.shape[0] == len(documents)
    assert np.sort(rows.data) == pytest.approx(np.sort(dense[dense > 0]), abs=1e-6)

    marks = [" ".join(sorted(document.split())).encode() for document in documents]
    stand_ins = originals(marks, np.zeros(len(documents)))
    found = nearest(rows, stand_ins, k=k, floor=floor)
    assert found.indices.shape == found.cosines.shape == (len(documents), k)
    for one, expected in enumerate(dense_nearest(dense, stand_ins, k, floor)):
        near = found.indices[one][found.indices[one] >= 0].tolist()
        scores = found.cosines[one][: len(near)].tolist()
        # Near the floor, and between equals at the end of the list, the last bit decides.
        unsure = sum(abs(-score - floor) < 1e-6 for score, _ in expected)
        assert abs(len(near) - len(expected)) <= unsure
        assert scores == pytest.approx([-score for score, _ in expected][: len(near)], abs=1e-6)
        assert len(set(near)) == len(near)
        assert stand_ins[one] not in near
        assert one not in near
        for other, score in zip(near, scores, strict=True):
            assert stand_ins[other] == other
            assert score == pytest.approx(float(dense[one] @ dense[other]), abs=1e-6)


@pytest.mark.usefixtures("either_way")
def test_lists_are_those_of_dense_cosine() -> None:
    """In a thousand random corpora, either way of multiplying gives the lists of the full dense product."""
    check_lists()


@pytest.mark.usefixtures("either_way")
def test_equals_stand_in_the_order_of_their_index() -> None:
    """The same corpus gives the same lists: ties are broken by place."""
    rows = csr_matrix(np.tile(np.array([0.6, 0.8], dtype=np.float32), (9, 1)))
    found = nearest(rows, np.arange(9), k=8, floor=0)
    assert found.indices[4].tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert found.indices[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("documents", [[""], ["the and of"], ["", "the", "1234"], ["river"]])
def test_texts_without_usable_words_have_no_neighbours(documents: list[str]) -> None:
    """Empty articles, stop words and numbers relate to nothing, rather than to whatever comes first."""
    rows = tfidf_rows(((document, "en") for document in documents), len(documents))
    assert rows.shape[0] == len(documents)
    found = nearest(rows, np.arange(len(documents)), k=3, floor=0)
    assert (found.indices == -1).all()


def test_nothing_is_everybodys_neighbour_for_want_of_words() -> None:
    """An article that shares no word with another is not on its list, however short that stays."""
    rows = tfidf_rows(((text, "en") for text in ["river flood", "river flood dyke", "goal striker", "goal"]), 4)
    found = nearest(rows, np.arange(4), k=3, floor=0)
    assert found.indices[0].tolist() == [1, -1, -1]


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
