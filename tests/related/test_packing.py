"""Lists as they are kept, against JSON written one by one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.related import packing
from recommender.related.neighbours import Neighbours
from recommender.related.packing import pack, packed_lists, unpack

a_score = st.one_of(
    st.floats(0, 2, width=32), st.integers(0, 20_000).map(lambda n: n / 10_000), st.floats(0, 1e6, width=32)
)
an_id = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.mark.parametrize("compiled", [True, False])
@given(ids=st.lists(an_id, min_size=1, max_size=8, unique=True), data=st.data())
@settings(max_examples=200, deadline=None)
def test_packed_lists_are_json_of_ids_and_scores(ids: list[str], data: st.DataObject, *, compiled: bool) -> None:
    """Whatever the ids, the scores, to four places, and how long each list is; numba or not."""
    others = st.lists(st.tuples(st.sampled_from(range(len(ids))), a_score), max_size=5, unique_by=lambda one: one[0])
    lists = [data.draw(others) for _ in ids]
    listed = Neighbours.none(len(ids), 5)
    for one, near in enumerate(lists):
        for place, (other, score) in enumerate(near):
            listed.indices[one, place], listed.cosines[one, place] = other, score
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "COMPILED", compiled)
        patch.setattr(packing, "_BLOCK", 3)
        found = list(packed_lists(ids, listed))
    for near, packed in zip(lists, found, strict=True):
        expected = {ids[other]: float(np.round(np.float64(np.float32(score)), 4)) for other, score in near}
        assert list(unpack(packed.decode()).items()) == list(expected.items())
        assert packed == pack(expected)
        assert packed == (json.dumps(expected, ensure_ascii=False, separators=(",", ":")).encode() if near else b"")


def test_where_there_is_no_list_there_are_no_scores() -> None:
    """A list that is not kept, or is kept empty, reads as empty."""
    assert unpack(None) == unpack(pack({}).decode()) == {}
