"""TF-IDF of fields against its formula, written out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.text.counts import Counts, count, gathered
from recommender.text.fields import Fields
from recommender.text.rows import rows_at
from recommender.text.tfidf import FieldTfidf
from recommender.text.words import Words

VOCABULARY = ["river", "flood", "dyke", "election", "poll", "ferry"]
some_words = st.lists(st.integers(1, len(VOCABULARY)), max_size=8)
corpora = st.lists(
    st.builds(lambda title, body: Fields(title, body[:4], body, "en"), some_words, some_words), min_size=1, max_size=12
)


def unit(row: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(row)
    return row / length if length else row


def counted(corpus: list[Fields], vocabulary: Sequence[str] = VOCABULARY) -> Counts:
    """The words of a corpus are numbers in `VOCABULARY`; counted, they are numbered by their place in another."""
    words = Words()
    for word in vocabulary:
        words.of(word, "tlh")  # a language without stop words and stems
    number = {place: vocabulary.index(word) + 1 for place, word in enumerate(VOCABULARY, 1)}
    parts = ([[number[word] for word in text] for text in (one.title, one.lead, one.body)] for one in corpus)
    return count([Fields(title, lead, body, "en") for title, lead, body in parts], words)


def slow(corpus: list[Fields], terms: list[str]) -> NDArray[np.float64]:
    n = len(corpus)
    df = Counter(VOCABULARY[word - 1] for fields in corpus for word in {*fields.title, *fields.body})
    rows = np.zeros((n, len(terms)))
    for part, weight in (("title", 0.25), ("lead", 0.5), ("body", 1.0)):
        mean = sum(len(getattr(fields, part)) for fields in corpus) / n or 1
        for row, fields in enumerate(corpus):
            words = [VOCABULARY[number - 1] for number in getattr(fields, part)]
            counts, against = Counter(words), 0.6 * (1 - 0.3 + 0.3 * len(words) / mean)
            weights = [
                (math.log((1 + n) / (1 + df[term])) + 1) * counts[term] * 1.6 / (counts[term] + against)
                if counts[term]
                else 0.0
                for term in terms
            ]
            rows[row] += weight * unit(np.array(weights))
    return np.array([unit(row) for row in rows]).reshape(n, len(terms))


@given(corpora)
@settings(max_examples=500, deadline=None)
def test_rows_are_those_of_the_formula(corpus: list[Fields]) -> None:
    """Every weight agrees with the formula; words of a single article are left out; empty articles have empty rows."""
    tfidf = FieldTfidf()
    rows = tfidf.fit_transform(counted(corpus))
    df = Counter(VOCABULARY[word - 1] for fields in corpus for word in {*fields.title, *fields.body})
    known = [word for word in df if df[word] >= min(2, len(corpus))]
    assert tfidf.terms_ == sorted(known, key=lambda word: (-df[word], word))
    assert rows.toarray() == pytest.approx(slow(corpus, tfidf.terms_), abs=1e-5)
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1)).A1 if rows.shape[1] else np.zeros(len(corpus))
    assert np.isclose(lengths, 1, atol=1e-5).tolist() == [bool(row) for row in np.diff(rows.indptr)]


def test_no_articles_give_no_rows() -> None:
    assert FieldTfidf().fit_transform(counted([])).shape[0] == 0


def test_a_word_that_stands_very_often_still_counts() -> None:
    """Neither a body of one word 65,536 times, where 16 bits begin again at 0, nor one of 131,071 loses it."""
    corpus = [Fields([1], [1], [1] * times, "en") for times in (65_536, 131_071)]
    counts = counted(corpus)
    assert counts.body.data.tolist() == [30_000, 30_000]
    assert FieldTfidf().fit_transform(counts).toarray().tolist() == [[1.0], [1.0]]


@given(corpora, st.integers(0, 12))
@settings(max_examples=200, deadline=None)
def test_extended_it_knows_all_words_and_keeps_the_idf_of_those_it_knew(corpus: list[Fields], learned: int) -> None:
    """Words of two articles stand behind those learned before, with their idf of today; none is there twice."""
    before, counts = FieldTfidf().fit(counted(corpus[:learned])), counted(corpus)
    longer, afresh = before.extended(counts), FieldTfidf().fit(counts)
    known, idf = len(before.terms_), dict(zip(afresh.terms_, afresh.idf_, strict=True))
    assert longer.terms_[:known] == before.terms_
    assert longer.terms_[known:] == [term for term in afresh.terms_ if term not in before.terms_]
    assert longer.idf_.tolist() == [*before.idf_, *(idf[term] for term in longer.terms_[known:])]
    assert longer.extended(counts) is longer
    assert longer.transform(counts).shape == (len(corpus), len(longer.terms_))


@given(corpora, st.sets(st.sampled_from(VOCABULARY)))
def test_who_has_a_word_is_found(corpus: list[Fields], words: set[str]) -> None:
    """Those that have it in their title or body, and no others."""
    having = [any(VOCABULARY[word - 1] in words for word in (*one.title, *one.body)) for one in corpus]
    assert counted(corpus).having(words).tolist() == having


@given(corpora, corpora, st.data())
@settings(max_examples=200, deadline=None)
def test_gathered_counts_are_those_of_the_articles_alone(
    ones: list[Fields], others: list[Fields], data: st.DataObject
) -> None:
    """Of two corpora in any order, each article has the counts it had, and no word is there that none of them has."""
    both = [*ones, *others]
    places = data.draw(st.lists(st.sampled_from(range(len(both))), unique=True))
    found = gathered([counted(ones), counted(others, VOCABULARY[::-1])], np.array(places, dtype=np.int64))
    wanted = [both[place] for place in places]
    for part in ("title", "lead", "body"):
        rows = getattr(found, part).toarray()
        for row, fields in zip(rows, wanted, strict=True):
            expected = Counter(VOCABULARY[word - 1] for word in getattr(fields, part))
            assert {stem: n for stem, n in zip(found.stems, row.tolist(), strict=True) if n} == dict(expected)
    assert {*found.stems} == {VOCABULARY[word - 1] for one in wanted for word in (*one.title, *one.body)}
    assert found.written == found.stems


a_matrix = st.integers(0, 8).flatmap(lambda n: arrays(np.float32, (n, 6), elements=st.integers(0, 9).map(float)))


@given(st.lists(a_matrix, min_size=1, max_size=3), st.data())
def test_rows_at_places_are_those_of_all_stacked(several: list[NDArray[np.float32]], data: st.DataObject) -> None:
    """In any order, from any of several matrices, none, one or all of their rows."""
    matrices, stacked = map(csr_matrix, several), np.vstack(several)
    order = data.draw(st.permutations(range(len(stacked))))
    places = np.array(order[: data.draw(st.integers(0, len(order)))], dtype=np.int64)
    found = rows_at([(matrix.data, matrix.indices, matrix.indptr) for matrix in matrices], places)
    np.testing.assert_array_equal(csr_matrix(found, shape=(len(places), 6)).toarray(), stacked[places])
