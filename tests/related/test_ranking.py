"""The ranking of lists against a slow loop over each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from recommender.related.compiled import take_greedily
from recommender.related.kin import Kin
from recommender.related.ranking import Candidates, Ranked, Ranking


@dataclass(frozen=True)
class Case:
    candidates: Candidates
    likeness: NDArray[np.float64]
    one_story: NDArray[np.bool_]

    def ranked(self, way: Ranking) -> Ranked:
        return way.rank(self.candidates, self.likeness, self.one_story)


def random_case(seed: int, lists: int, count: int) -> Case:
    random = np.random.default_rng(seed)
    likeness = random.random((lists, count, count))
    likeness = (likeness + likeness.transpose(0, 2, 1)) / 2
    cosines = random.random((lists, count))
    candidates = Candidates(
        cosines=cosines,
        allowed=random.random((lists, count)) < 0.8,
        ages=random.random((lists, count)) * 100,
        same_section=random.random((lists, count)) < 0.5,
        choice=random.random((lists, count)),
        trust=np.where(random.random((lists, count)) < 0.5, 0, random.random((lists, count))),
    )
    return Case(candidates, likeness, likeness > 0.6)


def slow(case: Case, one: int, way: Ranking) -> tuple[list[int], list[float]]:
    merits, some = {}, case.candidates
    for other, cosine in enumerate(some.cosines[one]):
        trust = some.trust[one, other]
        relevance = (1 - trust) * cosine + trust * some.choice[one, other]
        if not some.allowed[one, other] or relevance < way.floor:
            continue
        fresh = 1 - way.freshness_share * (1 - 2 ** (-some.ages[one, other] / way.freshness_half_life))
        merits[other] = relevance * fresh * (1 + way.section_boost * some.same_section[one, other])
    order: list[int] = []
    scores: list[float] = []
    while len(order) < way.keep:
        worth = {
            other: merit * (1 - way.variety * max((case.likeness[one, taken, other] for taken in order), default=0))
            for other, merit in merits.items()
            if other not in order and sum(case.one_story[one, taken, other] for taken in order) < way.story_most
        }
        if not worth:
            break
        best = max(worth, key=lambda other: worth[other])
        order.append(best)
        scores.append(worth[best])
    return order, scores


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 20),
    way=st.builds(
        Ranking,
        keep=st.integers(1, 12),
        floor=st.sampled_from([0.0, 0.1, 0.5]),
        freshness_share=st.sampled_from([0.0, 0.4, 1.0]),
        section_boost=st.sampled_from([0.0, 0.3]),
        story_most=st.sampled_from([1, 2, 99]),
        variety=st.sampled_from([0.0, 0.2, 1.0]),
    ),
)
@settings(max_examples=500, deadline=None)
def test_lists_are_those_of_a_plain_loop(seed: int, count: int, way: Ranking) -> None:
    """Whatever is switched on, every list and score is the slow loop's, and scores fall along it."""
    case = random_case(seed, 4, count)
    ranked = case.ranked(way)
    for one in range(4):
        order, scores = slow(case, one, way)
        length = len(order)
        assert ranked.order[one, :length].tolist() == order
        assert (ranked.order[one, length:] == -1).all()
        assert ranked.scores[one, :length] == pytest.approx(scores, rel=1e-5)
        assert sorted(scores, reverse=True) == scores
        for place, score in zip(order, scores, strict=True):
            parts = (ranked.relevance, ranked.freshness, ranked.section, ranked.variety)
            assert np.prod([part[one, place] for part in parts]) == pytest.approx(score, rel=1e-5)


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 30),
    known=st.sampled_from([None, 1, 3, 30]),
    way=st.builds(
        Ranking,
        keep=st.integers(1, 20),
        floor=st.sampled_from([0.0, 0.5]),
        story_most=st.integers(1, 4),
        story_cosine=st.sampled_from([0.0, 0.3, 0.6]),
        story_days=st.sampled_from([0.0, 3.0, 50.0]),
        variety=st.sampled_from([0.0, 0.2, 1.0]),
    ),
)
@settings(max_examples=300, deadline=None)
def test_the_compiled_lists_are_those_of_numpy(seed: int, count: int, known: int | None, way: Ranking) -> None:
    """Whatever the articles, their dates, stories and variety, and however many of their kin are known."""
    random, lists, day_s = np.random.default_rng(seed), 5, 86_400
    rows = csr_matrix(normalize(random.integers(0, 3, (40, 8)).astype(np.float32)))
    published = np.where(random.random(40) < 0.2, 0, random.integers(1, 20, 40) * float(day_s))
    others = np.stack([random.choice(40, count, replace=False) for _ in range(lists)]).astype(np.int32)
    candidates = random_case(seed, lists, count).candidates
    likeness = np.stack([(rows[some] @ rows[some].T).toarray() for some in others])
    dated = np.where(published > 0, published, np.nan)[others]
    apart = np.abs(dated[:, :, None] - dated[:, None, :])
    one_story = (likeness >= way.story_cosine) & (apart <= way.story_days * day_s)
    expected = way.rank(candidates, likeness, one_story)
    order, scores = np.full((lists, way.keep), -1, dtype=np.int64), np.zeros((lists, way.keep), dtype=np.float32)
    every = np.arange(40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.related.kin._SPARE", 0)
        kin = Kin.unknown(40, 1) if known is None else Kin.find(rows, every, known)
    take_greedily(
        (rows.indptr, rows.indices, rows.data),
        rows.shape[1],
        (kin.found.indices, kin.found.cosines, kin.bounds),
        others,
        way.merit(candidates).astype(np.float64),
        published[others],
        way.variety,
        way.story_most,
        way.story_cosine,
        way.story_days * day_s,
        order,
        scores,
    )
    np.testing.assert_allclose(scores, expected.scores, atol=1e-6)
    # Between two of equal worth the last bit decides.
    sure = np.abs(np.diff(expected.scores, prepend=9, append=-1)) > 1e-6
    assert (order == expected.order)[sure[:, 1:] & sure[:, :-1]].all()


def test_switched_off_the_order_is_that_of_the_cosines() -> None:
    """Without freshness, boost, stories, variety and readers' choice nothing but nearness counts."""
    off = Ranking(keep=20, floor=0, freshness_share=0, story_most=20, variety=0)
    case = random_case(1, 3, 20)
    some = replace(case.candidates, trust=np.zeros_like(case.candidates.trust))
    for one, order in enumerate(replace(case, candidates=some).ranked(off).order):
        expected = [place for place in np.argsort(-some.cosines[one]) if some.allowed[one, place]]
        assert order[: len(expected)].tolist() == expected


def test_at_most_two_of_a_story_are_listed() -> None:
    """Of six articles on one story the best two stay, and what is less near comes after."""
    cosines = np.array([[0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]])
    story = np.zeros((1, 8, 8), dtype=bool)
    story[0, :6, :6] = True
    zeros = np.zeros_like(cosines)
    some = Candidates(cosines, zeros == 0, zeros, zeros > 0, zeros, zeros)
    assert Ranking(keep=8, freshness_share=0).rank(some, np.zeros((1, 8, 8)), story).order[0].tolist() == [
        0,
        1,
        6,
        7,
        -1,
        -1,
        -1,
        -1,
    ]
