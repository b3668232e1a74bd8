"""Neighbours against dense NumPy cosine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from recommender.related import neighbours
from recommender.related.neighbours import nearest

corpora = st.integers(1, 24).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n, 10), elements=st.integers(0, 3).map(float)),
        arrays(np.int64, n, elements=st.integers(0, n - 1)),
    )
)


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


@given(corpus=corpora, k=st.integers(1, 30), floor=st.sampled_from([0.0, 0.05, 0.5]))
@settings(max_examples=1000, deadline=None)
def check_lists(corpus: tuple[NDArray[np.float64], NDArray[np.int64]], k: int, floor: float) -> None:
    dense = normalize(corpus[0])
    stand_ins = corpus[1][corpus[1]]  # chosen at random, most of them for others than themselves
    found = nearest(csr_matrix(dense, dtype=np.float32), stand_ins, k=k, floor=floor)
    assert found.indices.shape == found.cosines.shape == (len(dense), k)
    for one, expected in enumerate(dense_nearest(dense, stand_ins, k, floor)):
        near = found.indices[one][found.indices[one] >= 0].tolist()
        scores = found.cosines[one][: len(near)].tolist()
        # Near the floor, and between equals at the end of the list, the last bit decides.
        unsure = sum(abs(-score - floor) < 1e-6 for score, _ in expected)
        assert abs(len(near) - len(expected)) <= unsure
        assert scores == pytest.approx([-score for score, _ in expected][: len(near)], abs=1e-6)
        assert len(set(near)) == len(near)
        assert stand_ins[one] not in near
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


def test_an_empty_row_has_no_neighbours_and_is_nobodys() -> None:
    """A text without usable words relates to nothing, rather than to whatever comes first."""
    rows = csr_matrix(np.array([[0, 0], [1, 0], [1, 0], [0, 1]], dtype=np.float32))
    found = nearest(rows, np.arange(4), k=3, floor=0)
    assert found.indices.tolist() == [[-1, -1, -1], [2, -1, -1], [1, -1, -1], [-1, -1, -1]]
