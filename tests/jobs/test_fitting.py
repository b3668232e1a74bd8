"""A night that keeps what has not changed, beside one that does all anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from jobs.fitting import Fitted, fit, in_memory
from jobs.progress import Tick
from jobs.readings import ReadingsCache
from recommender.article import Article
from recommender.related.kin import Kin
from recommender.related.model import Model
from recommender.settings import Settings
from tests.newsroom import article

NOW = datetime(2026, 5, 1, tzinfo=UTC)
WORDS = [f"word{number}" for number in range(300)]
KEEPING = Settings(related_drift=9, related_floor=0.05, related_boilerplate_share=1)


@contextmanager
def step(_name: str, _total: int) -> Iterator[Tick]:
    def tick(_done: int, _of: int | None = None, /) -> None:
        return

    yield tick


def written(random: np.random.Generator, number: int) -> Article:
    """An article on one of ten subjects; one in ten is a copy of another."""
    random = np.random.default_rng(number // 10) if number % 10 == 0 else random
    subject = int(random.integers(10)) * 30
    body = " ".join(WORDS[word] for word in subject + random.zipf(1.3, 60) % 45 if word < len(WORDS))
    return article(f"{number:04}", body=body, published_at=NOW - timedelta(hours=float(random.integers(1000))))


def night(
    articles: Mapping[str, Article], cache: Path | None, before: Model | None, settings: Settings = KEEPING
) -> Fitted:
    everything = in_memory([one for _, one in sorted(articles.items())])
    return fit(
        *everything,
        settings=settings,
        now=NOW,
        step=step,
        cache=ReadingsCache(cache),
        before=before,
    )


def without_kin(model: Model) -> Model:
    """The same model, from which nothing but the words can be kept."""
    return replace(model, digests=["changed" for _ in model.ids])


@pytest.mark.parametrize("seed", range(2))
def test_nights_of_changes_give_the_lists_of_a_full_rebuild_with_the_same_words(seed: int, tmp_path: Path) -> None:
    """Through additions, changes and withdrawals, of originals and copies too, rows, kin and lists are the same."""
    random = np.random.default_rng(seed)
    articles = {one.id: one for one in (written(random, number) for number in range(300))}
    model = night(articles, tmp_path / "readings", None).model
    for turn in range(4):
        for number in random.choice(300 + 20 * turn, 15, replace=False):
            articles[f"{number:04}"] = written(random, int(number))
        for number in random.choice(300, int(random.integers(40))):
            articles.pop(f"{number:04}", None)
        articles |= {one.id: one for one in (written(random, 300 + 20 * turn + more) for more in range(20))}
        full = night(articles, None, without_kin(model))
        kept = night(articles, tmp_path / "readings", model)
        model = kept.model
        assert not kept.relearned
        assert kept.read < full.read == len(articles)
        np.testing.assert_array_equal(model.rows.toarray(), full.model.rows.toarray())
        np.testing.assert_array_equal(model.kin.nearest().indices, full.model.kin.nearest().indices)
        np.testing.assert_array_equal(model.expanded.toarray(), full.model.expanded.toarray())
        np.testing.assert_array_equal(model.listed.indices, full.model.listed.indices)
        np.testing.assert_allclose(model.listed.cosines, full.model.listed.cosines, atol=1e-6)


def test_who_is_akin_to_few_is_expanded_by_who_joins_them(tmp_path: Path) -> None:
    """A newcomer behind the only kin that an article had changes its words too, as a full rebuild has them."""
    words = {"one": WORDS[:9], "two": WORDS[:8], "other": WORDS[20:29], "another": WORDS[20:30]}
    articles = {name: article(name, title=some[0], body=" ".join(some)) for name, some in words.items()}
    before = night(articles, tmp_path / "readings", None).model
    articles["three"] = article("three", title=WORDS[20], body=" ".join(WORDS[6:8] + WORDS[20:28]))
    kept, full = night(articles, tmp_path / "readings", before), night(articles, None, without_kin(before))
    assert (kept.relearned, kept.read) == (False, 1)
    np.testing.assert_array_equal(kept.model.expanded.toarray(), full.model.expanded.toarray())


@pytest.mark.parametrize("turn", range(1, 4))
def test_nights_that_learn_idf_afresh_give_the_lists_of_a_full_rebuild(turn: int, tmp_path: Path) -> None:
    """From counts, boilerplate and kin of the night before, when words and idf have drifted."""
    random = np.random.default_rng(turn)
    learning = KEEPING.model_copy(update={"related_drift": 0})
    articles = {one.id: one for one in (written(random, number) for number in range(300))}
    before = night(articles, tmp_path / "readings", None)
    for number in random.choice(300, 5 * turn, replace=False):
        articles[f"{number:04}"] = written(random, int(number))
    again = night(articles, tmp_path / "readings", before.model, learning)
    full = night(articles, None, None)
    assert again.read <= 5 * turn
    assert again.relearned
    np.testing.assert_array_equal(again.model.rows.toarray(), full.model.rows.toarray())
    np.testing.assert_array_equal(again.model.listed.indices, full.model.listed.indices)
    np.testing.assert_allclose(again.model.listed.cosines, full.model.listed.cosines, atol=1e-6)


@pytest.mark.parametrize("far", [1e-4, 1e-3, 4e-3])
def test_kin_of_rows_that_moved_a_little_are_those_of_all_compared(far: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through three nights: most move by less than the bound, a few by far more, a few change wholly or go."""
    monkeypatch.setattr("recommender.related.kin._SPARE", 1)
    random = np.random.default_rng(0)
    dense = normalize(random.random((600, 4)))
    kin = Kin.find(csr_matrix(dense, dtype=np.float32), np.arange(600), 5)
    for _ in range(3):
        reach = np.where(random.random(len(dense)) < 0.02, 0.2, far / 2)[:, None]
        now = normalize(np.abs(dense + reach * normalize(random.normal(size=dense.shape))))
        places = np.where(random.random(len(dense)) < 0.02, -1, np.arange(len(dense)))
        stay = np.flatnonzero(random.random(len(dense)) > 0.01)
        now, places, was = now[stay], places[stay], dense[stay]
        moved, rows = np.linalg.norm(now - was, axis=1), csr_matrix(now, dtype=np.float32)
        kin = kin.renewed(places, moved, rows, np.arange(len(now)))
        full = Kin.find(rows, np.arange(len(now)), 5)
        np.testing.assert_array_equal(kin.nearest().indices, full.nearest().indices)
        np.testing.assert_array_equal(kin.nearest().cosines, full.nearest().cosines)
        dense = now


def test_words_are_learned_afresh_when_they_drift_or_are_old(tmp_path: Path) -> None:
    """The drift is nothing for the same articles, grows with another subject, and past the bound all is learned."""
    random = np.random.default_rng(1)
    articles = {one.id: one for one in (written(random, number) for number in range(100))}
    model = night(articles, tmp_path / "readings", None).model
    again = night(articles, tmp_path / "readings", model)
    assert again.drift == pytest.approx(0, abs=1e-6)
    assert (again.relearned, again.read) == (False, 0)
    articles |= {f"new-{n}": article(f"new-{n}", body="comet probe orbit telescope dust antenna") for n in range(20)}
    drifted = night(articles, tmp_path / "readings", model)
    assert drifted.drift
    assert drifted.drift > 0.04
    assert (drifted.relearned, drifted.read) == (False, 20)
    assert night(articles, tmp_path / "readings", model, KEEPING.model_copy(update={"related_drift": 0.04})).relearned
    old = replace(model, lexicon=replace(model.lexicon, learned_at=NOW.timestamp() - 8 * 86_400))
    relearned = night(articles, tmp_path / "readings", old)
    assert relearned.relearned
    assert "comet" in relearned.model.lexicon.tfidf.terms_


def test_words_that_come_up_are_learned_without_learning_idf_afresh(tmp_path: Path) -> None:
    """A word that one article had alone, and a second has now, relates them the same night; the others keep their idf.

    Both are as a full run with these words has them, and what people wrote is known of the new words too.
    """
    random = np.random.default_rng(2)
    articles = {one.id: one for one in (written(random, number) for number in range(100))}
    articles["alone"] = article("alone", body=f"comet quasar {WORDS[3]}")
    before = night(articles, tmp_path / "readings", None).model
    assert "comet" not in before.lexicon.tfidf.terms_
    articles["second"] = article("second", body=f"quasar comet {WORDS[200]}")
    kept, full = night(articles, tmp_path / "readings", before), night(articles, None, without_kin(before))
    model = kept.model
    assert (kept.relearned, kept.read) == (False, 1)
    learned = model.lexicon.tfidf
    assert learned.terms_[: len(before.terms)] == before.lexicon.tfidf.terms_
    assert {"comet", "quasar"} <= {*learned.terms_[len(before.terms) :]}
    assert {"comet", "quasar"} <= {*model.terms[len(before.terms) :]}
    np.testing.assert_array_equal(learned.idf_[: len(before.terms)], before.lexicon.tfidf.idf_)
    assert model.ids[model.listed.indices[model.places["alone"], 0]] == "second"
    np.testing.assert_array_equal(model.rows.toarray(), full.model.rows.toarray())
    np.testing.assert_array_equal(model.listed.indices, full.model.listed.indices)


def test_a_damaged_or_foreign_cache_is_not_used(tmp_path: Path) -> None:
    """A file that is not as it was written costs time, and nothing else."""
    random = np.random.default_rng(1)
    articles = {one.id: one for one in (written(random, number) for number in range(50))}
    model = night(articles, tmp_path / "readings", None).model
    file = tmp_path / "readings" / "body.data.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    assert night(articles, tmp_path / "readings", model).read == 50
    assert night(articles, tmp_path / "readings", model).read == 0
    (tmp_path / "readings" / "manifest.json").write_text("{")
    assert night(articles, tmp_path / "readings", model).read == 50


def test_what_is_kept_is_bounded_by_the_articles_there_are(tmp_path: Path) -> None:
    """With the articles their counts go, and the words that stood in no other."""
    articles = {f"{n}": article(f"{n}", body=f"flood only{n} only{n}") for n in range(30)}
    model = night(articles, tmp_path / "readings", None).model
    for number in range(20):
        del articles[f"{number}"]
    night(articles, tmp_path / "readings", model)
    kept = (tmp_path / "readings" / "stems.json").read_text()
    assert "only25" in kept
    assert "only5" not in kept
    assert np.load(tmp_path / "readings" / "sketches.npy").shape == (10, 128)


def test_kin_that_leave_are_made_up_for() -> None:
    """When more kin leave than were spare, an article is compared with all again."""
    random = np.random.default_rng(0)
    rows = csr_matrix(normalize(random.random((80, 6)).astype(np.float32)))
    kin = Kin.find(rows, np.arange(80), 5)
    stay = np.sort(random.choice(80, 30, replace=False))
    left = kin.renewed(stay, np.zeros(30), csr_matrix(rows[stay]), np.arange(30))
    full = Kin.find(csr_matrix(rows[stay]), np.arange(30), 5)
    np.testing.assert_array_equal(left.nearest().indices, full.nearest().indices)
