"""Neighbours against dense NumPy cosine."""

from __future__ import annotations

import numpy as np
import pytest
from distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from joblib import parallel_config
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from recommender.related import neighbours, uncompiled
from recommender.related.neighbours import Neighbours, nearest, nearest_through, reverse

corpora = st.integers(1, 24).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n, 10), elements=st.integers(0, 3).map(float)),
        arrays(np.int64, n, elements=st.integers(0, n - 1)),
    )
)


def dense_nearest(
    rows: NDArray[np.float64], stand_ins: NDArray[np.int64], k: int, floors: NDArray[np.float64]
) -> list[list[tuple[float, int]]]:
    """All cosines, sorted: the slow and obvious way."""
    cosines = rows @ rows.T
    listed = [other for other in range(len(rows)) if stand_ins[other] == other]
    return [
        sorted(
            (-cosines[one, other], other)
            for other in listed
            if other != stand_ins[one] and cosines[one, other] >= max(floors[one], 1e-6)
        )[:k]
        for one in range(len(rows))
    ]


@pytest.fixture(params=["compiled", "scipy"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of comparing; the second is what a machine without numba runs."""
    monkeypatch.setattr(neighbours, "COMPILED", request.param == "compiled")
    monkeypatch.setattr(uncompiled, "_DENSE_CELLS", 50)  # so that small cases have several blocks
    return str(request.param)


@given(
    corpus=corpora, k=st.integers(1, 30), floor=st.sampled_from([0.0, 0.05, 0.5]), third=st.sampled_from([None, 0.3])
)
@settings(max_examples=300, deadline=None)
def check_lists(
    corpus: tuple[NDArray[np.float64], NDArray[np.int64]], k: int, floor: float, third: float | None
) -> None:
    dense = normalize(corpus[0])
    floors = np.full(len(dense), floor)
    floors[::3] = floor if third is None else third
    stand_ins = corpus[1][corpus[1]]  # chosen at random, most of them for others than themselves
    found = nearest(csr_matrix(dense, dtype=np.float32), stand_ins, k=k, floor=floor if third is None else floors)
    assert found.indices.shape == found.cosines.shape == (len(dense), k)
    for one, expected in enumerate(dense_nearest(dense, stand_ins, k, floors)):
        near = found.indices[one][found.indices[one] >= 0].tolist()
        scores = found.cosines[one][: len(near)].tolist()
        # Near the floor, and between equals at the end of the list, the last bit decides.
        unsure = np.count_nonzero(np.abs(dense @ dense[one] - floors[one]) < 1e-6)
        assert abs(len(near) - len(expected)) <= unsure
        sure = min(len(near), len(expected))
        assert scores[:sure] == pytest.approx([-score for score, _ in expected][:sure], abs=1e-6)
        assert len(set(near)) == len(near)
        assert stand_ins[one] not in near
        for other, score in zip(near, scores, strict=True):
            assert stand_ins[other] == other
            assert score == pytest.approx(float(dense[one] @ dense[other]), abs=1e-6)


@pytest.mark.usefixtures("either_way")
def test_lists_are_those_of_dense_cosine() -> None:
    """In three hundred random corpora, either way of multiplying gives the lists of the full dense product."""
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


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.usefixtures("either_way")
def test_the_fresh_meet_all_and_others_only_the_fresh(share: float) -> None:
    """Lists, those of copies too, are those of the dense product, of which only pairs with a fresh article count."""
    random = np.random.default_rng(3)
    rows = csr_matrix(normalize(random.integers(0, 3, (60, 12)).astype(np.float32)))
    originals = np.where(np.arange(60) % 7 == 0, np.arange(60) // 2 * 2, np.arange(60))
    fresh, floors = random.random(60) < share, np.where(np.arange(60) % 5, 0, 0.7)
    found = nearest(rows, originals, k=6, floor=floors, fresh=fresh, threads=2)
    cosines = (rows @ rows.T).toarray()
    for one, (indices, near) in enumerate(zip(found.indices, found.cosines, strict=True)):
        met = [other for other in range(60) if (fresh[one] or fresh[other]) and originals[other] == other]
        others = [other for other in met if other != originals[one] and cosines[one, other] >= max(floors[one], 1e-6)]
        assert set(indices.tolist()) - {-1} <= set(others)
        expected = [*sorted(cosines[one, others], reverse=True), *[0] * 6][:6]
        assert near == pytest.approx(expected, abs=1e-6)


def mixed_corpus(n: int) -> csr_matrix:
    """Rows of common and rare words, among them empty ones, ones of common words alone, and copies."""
    random = np.random.default_rng(n)
    counts = random.poisson(np.concatenate((np.full(20, 0.8), np.full(300, 0.03))), (n, 320)) * random.random((n, 320))
    counts[random.random(n) < 0.05, 20:] = 0
    counts[random.random(n) < 0.02] = 0
    counts[1::50] = counts[0]
    return csr_matrix(normalize(counts.astype(np.float32)))


@pytest.mark.parametrize("k", [1, 7, 40])
def test_rounding_leaves_out_nobody_at_the_end_of_a_list(k: int) -> None:
    """Of crowds of near equals just the nearest are listed, though pairs are first compared by rounded weights."""
    rows = mixed_corpus(700)
    found = nearest(rows, np.arange(700), k=k, floor=0)
    cosines = (rows.astype(np.float64) @ rows.astype(np.float64).T).toarray()
    np.fill_diagonal(cosines, 0)
    expected = -np.sort(-cosines, axis=1)[:, :k]
    np.testing.assert_allclose(found.cosines, np.where(expected >= 1e-6, expected, 0), atol=1e-6)


def test_a_cosine_has_the_same_bits_however_it_is_asked_for() -> None:
    """From either side, of all or some, with words in any order: what one night kept, the next may use."""
    rows, every = mixed_corpus(900), np.arange(900)
    all_found = nearest(rows, every, k=899, floor=0)
    cosines = np.zeros((900, 901), dtype=np.float32)
    cosines[every[:, None], all_found.indices] = all_found.cosines
    np.testing.assert_array_equal(cosines[:, :900], cosines[:, :900].T)
    shuffled = rows[:, ::-1].tocsr()[:, ::-1].tocsr()
    some_found = nearest(shuffled, every, k=50, floor=0, fresh=every % 3 == 0)
    there = some_found.indices >= 0
    assert there.sum() > 10_000
    np.testing.assert_array_equal(some_found.cosines[there], cosines[every[:, None], some_found.indices][there])
    few = nearest(rows, every, k=9, floor=0)
    np.testing.assert_array_equal(few.indices, all_found.indices[:, :9])
    np.testing.assert_array_equal(few.cosines, all_found.cosines[:, :9])


def test_of_many_equals_the_first_are_listed() -> None:
    """Among two hundred copies and others that are farther, each lists the copies that came first."""
    rows = csr_matrix(np.repeat(np.array([[0.6, 0.8, 0], [0, 0.6, 0.8]], dtype=np.float32), (200, 50), axis=0))
    found = nearest(rows, np.arange(250), k=5, floor=0)
    assert found.indices[100].tolist() == [0, 1, 2, 3, 4]
    assert found.indices[2].tolist() == [0, 1, 3, 4, 5]
    assert found.indices[220].tolist() == [200, 201, 202, 203, 204]


@pytest.mark.parametrize("n_words", [1, 4, 9, 16, 25, 36, 100])
def test_the_last_bit_of_a_cosine_keeps_no_copy_from_a_list(n_words: int) -> None:
    """Where weights need no rounding, sums leave room for what adding up floats makes of the cosine."""
    rows = csr_matrix(np.full((50, n_words), 1 / np.sqrt(n_words), dtype=np.float32))
    found = nearest(rows, np.arange(50), k=5, floor=0)
    assert found.indices[0].tolist() == [1, 2, 3, 4, 5]
    assert found.indices[49].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n_words", [3, 900, 20_000])
def test_articles_of_any_length_find_their_copies(n_words: int) -> None:
    """Sums of rounded weights do not run over, however many words two copies share."""
    weights = np.random.default_rng(n_words).random((1, n_words)) + 0.2
    rows = csr_matrix(normalize(np.vstack((weights, weights, weights + 0.1, np.eye(1, n_words)))), dtype=np.float32)
    found = nearest(rows, np.arange(4), k=3, floor=0)
    assert found.indices[0].tolist() == [1, 2, 3]
    assert found.cosines[0, 0] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("n", [9000, 17000])
def test_several_blocks_give_what_scipy_gives(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that meet each other in turn leave no pair out, and copies are compared too."""
    random = np.random.default_rng(n)
    cells = (random.random(8 * n).astype(np.float32), (np.repeat(np.arange(n), 8), random.integers(0, 3000, 8 * n)))
    rows = csr_matrix(normalize(csr_matrix(cells, shape=(n, 3000))))
    originals = np.where(random.random(n) < 0.1, 0, np.arange(n))
    asked = random.choice(n, 300, replace=False)
    found = nearest(rows, originals, k=5, floor=0, threads=2)
    monkeypatch.setattr(neighbours, "COMPILED", False)
    slow = nearest(rows, originals, k=5, floor=0, fresh=np.isin(np.arange(n), asked))
    np.testing.assert_allclose(found.cosines[asked], slow.cosines[asked], atol=1e-6)


def test_an_engine_given_to_joblib_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spread over two workers of a Dask cluster, the search finds what one machine finds, to the last bit."""
    random = np.random.default_rng(5)
    rows = csr_matrix(normalize(random.poisson(0.3, (2000, 300)).astype(np.float32)))
    originals = np.where(random.random(2000) < 0.1, 0, np.arange(2000))
    fresh = random.random(2000) < 0.4
    alone, of_fresh = nearest(rows, originals, k=20, floor=0), nearest(rows, originals, k=20, floor=0, fresh=fresh)
    monkeypatch.setattr(neighbours, "_SPREAD", 300)
    steps: list[int] = []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        parallel_config("dask"),
    ):
        spread = nearest(rows, originals, k=20, floor=0, progress=steps.append)
        spread_of_fresh = nearest(rows, originals, k=20, floor=0, fresh=fresh)
        tasks = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert all(done > 0 for done in tasks.values())
    assert steps == [300, 600, 900, 1200, 1500, 1800, 2000]
    np.testing.assert_array_equal(spread.indices, alone.indices)
    np.testing.assert_array_equal(spread.cosines, alone.cosines)
    np.testing.assert_array_equal(spread_of_fresh.indices, of_fresh.indices)
    np.testing.assert_array_equal(spread_of_fresh.cosines, of_fresh.cosines)


@given(seed=st.integers(0, 2**32 - 1), hops=st.integers(0, 4))
@settings(max_examples=300, deadline=None)
def test_a_graph_is_followed_for_two_steps_alike_in_both_ways(seed: int, hops: int) -> None:
    """Whatever the graph and the copies, what the compiled search finds is what scipy finds."""
    random = np.random.default_rng(seed)
    rows = csr_matrix(normalize(random.integers(0, 3, (30, 8)).astype(np.float32)))
    graph, onward = (random.integers(-1, 30, (30, width)).astype(np.int32) for width in (4, 3))
    stand_ins = random.integers(0, 30, 30)
    ways: list[Neighbours] = []
    with pytest.MonkeyPatch.context() as patch:
        for compiled in (True, False):
            patch.setattr(neighbours, "COMPILED", compiled)
            ways.append(nearest_through(rows, graph, stand_ins, k=6, onward=onward, hops=hops))
    np.testing.assert_allclose(ways[0].cosines, ways[1].cosines, atol=1e-6)
    for one, some in enumerate(ways[0].indices):
        firsts = [other for other in graph[one, :hops] if other >= 0]
        reached = {*graph[one].tolist(), *onward[firsts].ravel().tolist()} - {-1}
        assert {int(other) for other in some if other >= 0} <= {int(stand_ins[other]) for other in reached}
        assert stand_ins[one] not in some


@given(
    arrays(np.int32, st.tuples(st.integers(0, 9), st.integers(0, 4)), elements=st.integers(-1, 8)), st.integers(1, 5)
)
def test_a_graph_is_turned_over(graph: NDArray[np.int32], width: int) -> None:
    """Each article gets those who have it, first those who have it first, and of these the first."""
    graph = np.where(graph < len(graph), graph, -1)
    for one, some in enumerate(reverse(graph, width).tolist()):
        places = np.argwhere(one == graph.T).tolist()
        assert some == [*(other for _, other in sorted(places)[:width]), *[-1] * (width - len(places))]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_cosines_that_are_known_already_change_nothing(seed: int, n: int) -> None:
    """Of a graph whose cosines are given, the same is found to the bit as when they are taken once more."""
    random = np.random.default_rng(seed)
    rows = csr_matrix(normalize(random.integers(0, 3, (n, 8)).astype(np.float32)) if n else np.zeros((0, 8)))
    every = np.arange(n)
    graph = random.integers(-1, n, (n, 4)).astype(np.int32)
    first = nearest_through(rows, graph, every, k=5)
    again = nearest_through(rows, first.indices, every, k=5, hops=3)
    some = np.where(random.random(first.cosines.shape) < 0.7, first.cosines, np.nan)
    known = nearest_through(rows, first.indices, every, k=5, hops=3, known=some)
    np.testing.assert_array_equal(known.indices, again.indices)
    np.testing.assert_array_equal(known.cosines, again.cosines)
