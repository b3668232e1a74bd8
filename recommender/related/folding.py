"""Folding: changes into a growth, by the way that the night goes, for a few articles at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.article import Article, section_key
from recommender.related.copies import CopyRule, fingerprint, near_copies, sketch, word_hashes
from recommender.related.expansion import Expansion
from recommender.related.growth import GONE, Entry, Growth, Places
from recommender.related.model import CHOSEN
from recommender.related.neighbours import Neighbours
from recommender.text.words import Words

__all__ = ["Folding"]

_COULD_BE = 0.4
"""Cosine of own words below which two articles are no copies."""
_RANKED = 64
"""Articles whose lists are ranked at once."""

Floats = NDArray[np.float32]


class Folding:
    """Folds changed articles into a growth.

    Parameters
    ----------
    growth : Growth
    rule : CopyRule
    whole : callable
        Gives an article by its id; None where there is none.
    """

    def __init__(self, growth: Growth, rule: CopyRule, whole: Callable[[str], Article | None]) -> None:
        self.growth = growth
        self._rule = rule
        self._whole = whole
        self._expansion = Expansion()
        model = growth.model
        self._width = model.candidates.indices.shape[1] - (CHOSEN if model.choice.nnz else 0)

    def take_in(self, articles: Sequence[Article]) -> set[str]:
        """Fold changes in; return the ids whose list is another now, or gone.

        Parameters
        ----------
        articles : sequence of Article
            As they are now; of each id one.
        """
        growth = self.growth
        self._touched: set[int] = set()
        self._entering: list[int] = []
        gone = [place for one in articles if (place := growth.place(one.id)) is not None]
        lost = {growth.name(place) for place in gone}
        for place in gone:
            self._give_up(place)
        first = growth.size
        self._append([one for one in articles if not one.withdrawn])
        added = range(first, growth.size)
        self._worst = self._last_cosines()
        self._find_candidates(added)
        for place in dict.fromkeys(self._entering):
            if growth.stand_ins[place] == place:
                self._enter(place)
        touched = sorted(place for place in self._touched | set(added) if growth.stand_ins[place] != GONE)
        for start in range(0, len(touched), _RANKED):
            self._rank(touched[start : start + _RANKED])
        return lost | {growth.name(place) for place in touched}

    # Leaving

    def _give_up(self, place: int) -> None:
        """Take an article out; whoever stood behind it as its copy gets another to stand for it."""
        growth = self.growth
        growth.stand_ins[place] = GONE
        followers = np.flatnonzero(growth.stand_ins == place)
        if len(followers):
            heir = max(followers.tolist(), key=lambda one: (growth.moment(one), -one))
            growth.stand_ins[followers] = heir
            self._entering.append(heir)
        self._leave(place)
        growth.entries.pop(place, None)

    def _leave(self, place: int) -> None:
        """Take an article from everybody's candidates."""
        growth, width = self.growth, self._width
        held = (growth.model.candidates.indices == place).any(axis=1)
        holders = set(np.flatnonzero(held).tolist()) - growth.entries.keys()
        holders |= {one for one, entry in growth.entries.items() if place in entry.candidates}
        for holder in holders:
            entry = self._own(holder)
            entry.cosines[entry.candidates == place] = 0
            entry.candidates[entry.candidates == place] = -1
            order = np.argsort(-entry.cosines[:width], kind="stable")
            entry.candidates[:width], entry.cosines[:width] = entry.candidates[order], entry.cosines[order]
        self._touched |= holders

    # Coming

    def _append(self, fresh: Sequence[Article]) -> None:
        """Give new articles their places, copies and expanded words."""
        if not fresh:
            return
        growth, reader, words = self.growth, self.growth.model.lexicon.reader, Words()
        first, n = growth.size, len(growth.model.ids)
        for article in fresh:
            growth.append(article.id, section_key(article.section), reader.read(article, words).language)
        moments = [one.published_at.timestamp() if one.published_at else 0.0 for one in fresh]
        rows = growth.model.lexicon.rows(fresh)
        growth.published = np.concatenate((growth.published, moments))
        growth.rows = csr_matrix(vstack((growth.rows, rows)))
        growth.stand_ins = np.concatenate((growth.stand_ins, np.arange(first, growth.size)))
        near = _products(growth.model.rows, growth.rows, rows)
        expanded = []
        for at, article in enumerate(fresh):
            kin, cosines = self._nearest(near[:, at], first + at, self._expansion.widest)
            self._settle(first + at, self._copies(article, first + at, kin, cosines))
            expanded.append(self._expanded(first + at, kin, cosines))
        growth.expanded = csr_matrix(vstack((growth.expanded, *expanded)))
        assert growth.expanded.shape[0] == growth.size - n  # noqa: S101 - one row for each

    def _nearest(self, cosines: Floats, place: int, k: int) -> tuple[Places, Floats]:
        """Return the k nearest that stand for themselves, and not for the article, with their cosines."""
        stand_ins = self.growth.stand_ins
        open_to = stand_ins == np.arange(len(stand_ins))
        open_to[[place, stand_ins[place]]] = False
        cosines = np.where(open_to, cosines, 0)
        found = np.argpartition(-cosines, k)[:k] if k < len(cosines) else np.arange(len(cosines))
        found = found[cosines[found] > 0]
        found = found[np.lexsort((found, -cosines[found]))]
        return found, cosines[found]

    def _copies(self, article: Article, place: int, kin: Places, cosines: Floats) -> list[int]:
        """Return those of an article's nearest that are its copies."""
        growth, reader, words = self.growth, self.growth.model.lexicon.reader, Words()
        could_be = kin[cosines >= _COULD_BE].tolist()
        texts = [(other, text) for other in could_be if (text := self._whole(growth.name(other)))]
        every = [(place, article), *texts]
        count = len(every)
        nearness = np.zeros((count, count), dtype=np.float32)
        by_place = dict(zip(kin.tolist(), cosines.tolist(), strict=True))
        nearness[0, 1:] = [by_place[other] for other, _ in texts]
        read = [np.array(reader.read(text, words).body, dtype=np.int64) for _, text in every]
        hashes = word_hashes(words.stems)
        copies = near_copies(
            Neighbours(np.tile(np.arange(count, dtype=np.int32), (count, 1)), nearness),
            np.array([sketch(hashes[numbers]) for numbers in read]),
            np.array([growth.moment(one) for one, _ in every]),
            np.unique([text.title.casefold() for _, text in every], return_inverse=True)[1],
            self._rule,
        )
        mark = fingerprint(article)
        return [other for at, (other, text) in enumerate(every) if at and (copies[0, at] or fingerprint(text) == mark)]

    def _settle(self, place: int, copies: Sequence[int]) -> None:
        """Let the newest of an article and its copies stand for all."""
        growth = self.growth
        if copies:
            growth.near = np.vstack((growth.near, [(place, other) for other in copies]))
            newest = max(copies, key=lambda other: (growth.moment(other), -other))
            if growth.moment(newest) > growth.moment(place):
                growth.stand_ins[place] = newest
                return
            for other in copies:
                growth.stand_ins[growth.stand_ins == other] = place
                self._leave(other)
        self._entering.append(place)

    def _expanded(self, place: int, kin: Places, cosines: Floats) -> csr_matrix:
        rows = self.growth.rows_of([place, *kin.tolist()])
        neighbours = np.full((rows.shape[0], self._expansion.widest), -1, dtype=np.int32)
        nearness = np.zeros(neighbours.shape, dtype=np.float32)
        neighbours[0, : len(kin)], nearness[0, : len(kin)] = np.arange(1, len(kin) + 1), cosines
        return self._expansion.expand(rows, Neighbours(neighbours, nearness))[:1]

    def _find_candidates(self, added: range) -> None:
        growth, model = self.growth, self.growth.model
        products = _products(model.expanded, growth.expanded, growth.expanded_of(added)) if added else None
        for at, place in enumerate(added):
            assert products is not None  # noqa: S101 - for the type checker
            found, cosines = self._nearest(products[:, at], place, self._width)
            entry = growth.entries[place] = Entry.blank(model)
            entry.candidates[: len(found)], entry.cosines[: len(found)] = found, cosines

    def _enter(self, place: int) -> None:
        """Put an article among the candidates of those to whom it is nearer than the last of them."""
        growth, width = self.growth, self._width
        cosines = _products(growth.model.expanded, growth.expanded, growth.expanded_of([place]))[:, 0]
        stand_ins = growth.stand_ins
        enters = (cosines > self._worst) & (stand_ins != GONE) & (stand_ins != place)
        for holder in np.flatnonzero(enters).tolist():
            entry = self._own(holder)
            if place in entry.candidates[:width]:
                continue
            at = int(np.searchsorted(-entry.cosines[:width], -cosines[holder], side="right"))
            entry.candidates[:width] = np.insert(entry.candidates[:width], at, place)[:width]
            entry.cosines[:width] = np.insert(entry.cosines[:width], at, cosines[holder])[:width]
            self._worst[holder] = max(entry.cosines[width - 1], growth.model.ranking.floor)
            self._touched.add(holder)

    def _last_cosines(self) -> Floats:
        """Return what a cosine must be above to enter each article's candidates and to count."""
        growth, last = self.growth, self._width - 1
        worst = np.zeros(growth.size, dtype=np.float32)
        worst[: len(growth.model.ids)] = growth.model.candidates.cosines[:, last]
        for place, entry in growth.entries.items():
            worst[place] = entry.cosines[last]
        return np.maximum(worst, growth.model.ranking.floor)

    def _own(self, place: int) -> Entry:
        """Return the entry of an article, to be changed."""
        entries = self.growth.entries
        if place not in entries:
            entries[place] = self.growth.entry(place).copy()
        return entries[place]

    def _rank(self, places: list[int]) -> None:
        part, names = self.growth.part(places)
        at = np.searchsorted(names, places)
        lists = part.lists_of(at)
        for place, others, scores in zip(places, lists.indices, lists.cosines, strict=True):
            entry = self._own(place)
            entry.listed[:], entry.scores[:] = np.where(others >= 0, names[others], -1), scores


def _products(old: csr_matrix, new: csr_matrix, rows: csr_matrix) -> Floats:
    """Return the cosine of every place with each of some rows, shape (n + m, rows)."""
    across = csr_matrix(rows.T)
    return np.concatenate([(part @ across).toarray() for part in (old, new)])
