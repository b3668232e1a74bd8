"""Expansion against its formula, written out densely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from recommender.related import expansion
from recommender.related.expansion import Expansion
from recommender.related.neighbours import nearest


def unit(row: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(row)
    scaled: NDArray[np.float64] = row / length if length else row
    return scaled


def slow(rows: NDArray[np.float64], one: int, way: Expansion, near: list[tuple[int, float]]) -> NDArray[np.float64]:
    close = sum((cosine**2 * rows[other] for other, cosine in near[: way.nearest]), np.zeros(rows.shape[1]))
    wide = sum((cosine * rows[other] for other, cosine in near[: way.widest]), np.zeros(rows.shape[1]))
    joined: NDArray[np.float64] = way.own * rows[one] + way.near * unit(close) + way.wide * unit(wide)
    return joined


@pytest.mark.parametrize("compiled", [True, False])
@given(dense=arrays(np.float64, st.tuples(st.integers(1, 16), st.just(8)), elements=st.integers(0, 3).map(float)))
@settings(max_examples=200, deadline=None)
def test_rows_are_their_own_words_and_their_neighbours(dense: NDArray[np.float64], *, compiled: bool) -> None:
    """Every expanded row is the formula's, of length 1; with fewer words kept, the heaviest remain; numba or not."""
    dense = normalize(dense)
    rows = csr_matrix(dense, dtype=np.float32)
    near = nearest(rows, np.arange(len(dense)), k=6, floor=0)
    way = Expansion(nearest=2, widest=6, terms=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expansion, "_BLOCK", 5)
        patch.setattr(expansion, "COMPILED", compiled)
        whole = way.expand(rows, near, threads=2).toarray()
        short = Expansion(nearest=2, widest=6, terms=3).expand(rows, near)
    for one in range(len(dense)):
        pairs = [(int(other), float(c)) for other, c in zip(near.indices[one], near.cosines[one], strict=True) if c]
        expected = slow(dense, one, way, pairs)
        assert whole[one] == pytest.approx(unit(expected), abs=1e-5)
        kept = short[one].toarray().ravel()
        assert np.count_nonzero(kept) == min(3, np.count_nonzero(expected))
        assert np.linalg.norm(kept) == pytest.approx(1 if expected.any() else 0, abs=1e-5)
        if np.count_nonzero(expected) > 3:
            assert expected[kept > 0].min() >= expected[kept == 0].max() - 1e-6


@pytest.mark.parametrize("compiled", [True, False])
@given(
    dense=arrays(np.float64, st.tuples(st.integers(1, 16), st.just(8)), elements=st.integers(0, 3).map(float)),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_rows_that_are_kept_are_copied_and_the_others_expanded(
    dense: NDArray[np.float64], data: st.DataObject, *, compiled: bool
) -> None:
    """Whichever are kept, and wherever they were: these as they were, the others as without."""
    rows = csr_matrix(normalize(dense), dtype=np.float32)
    near = nearest(rows, np.arange(len(dense)), k=6, floor=0)
    way = Expansion(nearest=2, widest=6, terms=4)
    order = np.array(data.draw(st.permutations(range(len(dense)))))
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(dense), max_size=len(dense))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expansion, "_BLOCK", 5)
        patch.setattr(expansion, "COMPILED", compiled)
        whole = way.expand(rows, near)
        marked = csr_matrix((whole.data + 1, whole.indices, whole.indptr), shape=whole.shape)  # not what they would be
        found = way.expand(rows, near, kept=(marked[order], np.where(kept, np.argsort(order), -1)))
    np.testing.assert_array_equal(found.toarray(), np.where(kept[:, None], marked.toarray(), whole.toarray()))
