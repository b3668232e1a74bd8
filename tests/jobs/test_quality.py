"""The quality report against figures counted by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix

from jobs.quality import Quality, measure
from recommender.related.kin import Kin
from recommender.related.model import Model
from recommender.related.neighbours import Neighbours
from recommender.related.ranking import Ranking
from recommender.text.boilerplate import Boilerplate
from recommender.text.fields import FieldReader
from recommender.text.language import LanguageGuess
from recommender.text.lexicon import Lexicon
from recommender.text.tfidf import FieldTfidf

DAY = 86_400.0
Make = Callable[..., Model]


@pytest.fixture
def make() -> Make:
    def make(lists: list[list[int]], ids: str = "abcd", stand_ins: list[int] | None = None) -> Model:
        n = len(ids)
        width = 30
        indices = np.full((n, width), -1, dtype=np.int32)
        cosines = np.zeros((n, width), dtype=np.float32)
        dense = np.array([[1, 0], [0.6, 0.8], [0.8, 0.6], [0, 1]], dtype=np.float32)[:n]
        for one, some in enumerate(lists):
            indices[one, : len(some)] = some
            cosines[one, : len(some)] = dense[some] @ dense[one]
        rows = csr_matrix(dense)
        tfidf = FieldTfidf()
        tfidf.terms_ = ["x", "y"]
        nothing = csr_array(np.zeros((n, n), dtype=np.float32))
        return Model(
            ids=list(ids),
            sections=[""] * n,
            languages=["en"] * n,
            digests=list(ids),
            terms=["x", "y"],
            lexicon=Lexicon(FieldReader(Boilerplate(), LanguageGuess()), tfidf, 0),
            published=np.array([1.0, 2.0, 3.0, 4.0])[:n] * DAY,
            rows=rows,
            expanded=rows,
            stand_ins=np.array(stand_ins or range(n)),
            originals=np.arange(n),
            kin=Kin(Neighbours.none(n, 30), np.zeros(n, dtype=np.float32), 20),
            near=nothing,
            choice=nothing,
            trust=nothing,
            candidates=Neighbours(indices, cosines),
            ranked_at=10 * DAY,
            ranking=Ranking(),
            listed=Neighbours(indices, np.zeros(indices.shape, dtype=np.float32)),
        )

    return make


def test_figures_are_those_counted_by_hand(make: Make) -> None:
    """Coverage, cosines, ages, reach, hubs and overlap of four short lists."""
    before = make([[1, 2], [0], [3], []])
    found = measure(make([[1, 3], [0], [0, 1], []], stand_ins=[0, 1, 1, 3]), before, 0.0)
    assert found.coverage == 0.75
    assert found.full == 0
    assert found.mean_top1 == pytest.approx((0.6 + 0.6 + 0.8) / 3, abs=1e-4)
    assert found.mean_top10 == pytest.approx((0.6 + 0 + 0.6 + 0.8 + 0.96) / 5, abs=1e-4)
    assert found.median_age_days == 8.0  # of 8, 6, 9, 9, 8
    assert found.listed_younger == 1.0
    assert found.copies == 1
    assert found.reached == 1.0  # c is, by b that stands for it
    assert [(hub.id, hub.lists) for hub in found.hubs] == [("a", 2), ("b", 2), ("d", 1), ("c", 0)]
    assert found.overlap == pytest.approx((0.5 + 1 + 0) / 3, abs=1e-4)
    assert (found.kept, found.known_words, found.with_text, found.words) == (1.0, 1.0, 0.0, 1.5)
    assert (found.nearest[0], found.nearest[12], found.nearest[16]) == (0.25, 0.5, 0.25)
    assert (found.sections, found.languages) == ({"": 1.0}, {"en": 1.0})


def test_the_first_model_and_an_empty_one_have_no_overlap(make: Make) -> None:
    """Nothing before, or nothing listed, is said as None, not as 0 or an error."""
    assert measure(make([[1], [0], [], []]), None, 0.0).overlap is None
    empty: Quality = measure(make([[], [], [], []]), make([[1], [0], [], []]), 0.0)
    assert (empty.coverage, empty.mean_top1, empty.median_age_days, empty.overlap) == (0, 0, None, None)
