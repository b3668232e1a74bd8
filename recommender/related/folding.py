"""Folding: changes into a growth, by the way that the night goes, for a few articles at a time.

What one article changes goes in rings: it enters the kin of some, whose expanded words change; that moves these in the
candidates of others; and of all whose candidates have changed the lists are ranked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.article import Article, section_key
from recommender.related.copies import (
    CopyRule,
    fingerprint,
    near_copies,
    originals,
    sketches,
    stand_ins,
    word_hashes,
)
from recommender.related.expansion import Expansion
from recommender.related.growth import GONE, Growth, Places
from recommender.related.growth_rows import Entry
from recommender.related.model import CHOSEN
from recommender.related.neighbours import Neighbours
from recommender.related.roster import Roster
from recommender.text.words import Words

__all__ = ["Folding"]

_COULD_BE = 0.4
"""Cosine of own words below which two articles are no copies."""
_HOPS = 10
"""Of the candidates of who may be near, how many may be near too."""
_AT_ONCE = 256
"""Articles whose lists are ranked at once."""

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


class Folding:
    """Folds changed articles into a growth.

    Parameters
    ----------
    growth : Growth
    rule : CopyRule
    whole : callable
        Gives an article by its id; None where there is none.
    threads : int
        Processor threads to use.
    """

    def __init__(
        self, growth: Growth, rule: CopyRule, whole: Callable[[str], Article | None], *, threads: int = 1
    ) -> None:
        self.growth = growth
        self._rule = rule
        self._whole = whole
        self._threads = threads
        self._expansion = Expansion()
        model = growth.model
        self._width = model.candidates.indices.shape[1] - (CHOSEN if model.choice.nnz else 0)
        self._kin = Roster(model.kin.found, model.kin.bounds)
        near = model.candidates
        self._candidates = Roster(Neighbours(near.indices[:, : self._width], near.cosines[:, : self._width]))
        for roster in (self._kin, self._candidates):
            roster.extend(len(growth.ids))
        if growth.kin:
            others, cosines, bounds = map(np.array, zip(*growth.kin.values(), strict=True))
            self._kin.go_on(np.array(list(growth.kin)), Neighbours(others, cosines), bounds)
        if growth.entries:
            near = Neighbours(
                np.array([entry.candidates[: self._width] for entry in growth.entries.values()]),
                np.array([entry.cosines[: self._width] for entry in growth.entries.values()]),
            )
            self._candidates.go_on(np.array(list(growth.entries)), near, near.cosines[:, -1])

    def take_in(self, articles: Sequence[Article]) -> set[str]:
        """Fold changes in; return the ids whose list is another now, or gone.

        Parameters
        ----------
        articles : sequence of Article
            As they are now; of each id one.
        """
        growth, touched = self.growth, set[int]()
        lost = {one.id for one in articles if growth.place(one.id) is not None}
        fresh = [one for one in articles if not one.withdrawn]
        rows, at = growth.model.lexicon.rows(fresh), {one.id: place for place, one in enumerate(fresh)}
        near = np.asarray(growth.model.rows @ np.ascontiguousarray(rows.toarray().T))  # in one pass over memory
        for one in articles:
            column = at.get(one.id)
            touched |= self._fold(one, column if column is None else (csr_matrix(rows[[column]]), near[:, column]))
        places = np.array(sorted(place for place in touched if growth.stand_ins[place] != GONE), dtype=np.int64)
        self._rank(places)
        return lost | {growth.name(place) for place in places.tolist()}

    def _fold(self, article: Article, words: tuple[csr_matrix, Floats] | None) -> set[int]:
        """Fold one article in, by its row and how near the model's are, or out; return whose candidates are others."""
        growth, seeds = self.growth, set[int]()
        originals, stand_ins = growth.originals.copy(), growth.stand_ins.copy()
        self._columns: dict[int, Floats] = {}
        if (place := growth.place(article.id)) is not None:
            seeds |= growth.copies_of(place)
            growth.give_up(place)
        if words is not None:
            row, near = words
            place = self._append(article, row)
            self._columns[place] = np.concatenate((near, growth.rows @ row.toarray().ravel()))
            self._find_copies(article, place)
            seeds.add(place)
        self._settle(seeds)
        moved = self._renew_kin(originals)
        return {*self._renew_candidates(moved, stand_ins).tolist()}

    def _append(self, article: Article, row: csr_matrix) -> int:
        """Give a new article its place and row; it stands for itself as yet."""
        growth = self.growth
        language = growth.model.lexicon.reader.read(article, Words()).language
        moment = article.published_at.timestamp() if article.published_at else 0.0
        growth.append([article.id], [section_key(article.section)], [language], [moment], row)
        for roster in (self._kin, self._candidates):
            roster.extend(1)
        return growth.size - 1

    # Copies

    def _find_copies(self, article: Article, place: int) -> None:
        growth = self.growth
        kin, near = self._nearest(self._near(place), place, growth.originals, self._expansion.widest)
        could_be = near >= _COULD_BE
        growth.add_copies(place, *self._copies(article, place, kin[could_be], near[could_be]))

    def _copies(self, article: Article, place: int, kin: Places, cosines: Floats) -> tuple[list[int], list[int]]:
        """Return the exact copies and the near-copies of an article among its nearest."""
        growth, reader, words = self.growth, self.growth.model.lexicon.reader, Words()
        texts = [(other, text) for other in kin.tolist() if (text := self._whole(growth.name(other)))]
        every = [(place, article), *texts]
        count = len(every)
        nearness = np.zeros((count, count), dtype=np.float32)
        by_place = dict(zip(kin.tolist(), cosines.tolist(), strict=True))
        nearness[0, 1:] = [by_place[other] for other, _ in texts]
        read = [reader.read(text, words).body for _, text in every]
        copies = near_copies(
            Neighbours(np.tile(np.arange(count, dtype=np.int32), (count, 1)), nearness),
            sketches(read, word_hashes(words.stems)),
            np.array([growth.moment(one) for one, _ in every]),
            np.unique([text.title.casefold() for _, text in every], return_inverse=True)[1],
            self._rule,
        )
        mark = fingerprint(article)
        exact = [other for other, text in texts if fingerprint(text) == mark]
        return exact, [other for at, (other, _) in enumerate(every) if at and copies[0, at]]

    def _settle(self, seeds: set[int]) -> None:
        """Choose anew, in the families that articles belong to, who stands for whom."""
        growth, done = self.growth, set[int]()
        for seed in sorted(seeds):
            if seed in done:
                continue
            family = growth.family(seed)
            done |= {*family.tolist()}
            moments = np.array([growth.moment(place) for place in family.tolist()])
            exact = originals(growth.originals[family].tolist(), moments)
            growth.stand(family, family[exact], family[stand_ins(exact, growth.near_among(family), moments)])

    # Kin and their words

    def _renew_kin(self, before: Places) -> Places:
        """Bring kin and expanded words up to date; return whose words are others now."""
        growth, kin, widest = self.growth, self._kin, self._expansion.widest
        left, came, others = _changes(before, growth.originals)
        first = kin.indices[:, :widest].copy()
        rows = [kin.drop(left)]
        for place in came.tolist():
            cosines = np.where(growth.originals == place, 0, self._near(place))
            rows.append(kin.enter(np.array([place]), cosines[:, None]))
        changed = np.unique(np.concatenate(rows))
        again = np.union1d(others, kin.short(changed, widest))
        for place in again[growth.originals[again] != GONE].tolist():
            kin.put(place, *self._nearest(self._near(place), place, growth.originals, kin.width))
        moved: Places = np.union1d(again, changed[(kin.indices[changed, :widest] != first[changed]).any(axis=1)])
        moved = moved[growth.originals[moved] != GONE]
        growth.expand(moved, self._expanded(moved))
        now = kin.changed()
        growth.relate(now, Neighbours(kin.indices[now], kin.cosines[now]), kin.bounds[now])
        return moved

    def _near(self, place: int) -> Floats:
        """Return how near everybody is to an article by own words; shape (size,)."""
        if place not in self._columns:
            self._columns[place] = self.growth.cosines(place)
        return self._columns[place]

    def _expanded(self, places: Places) -> csr_matrix:
        """Return the words of articles, expanded by those of their kin."""
        widest = self._expansion.widest
        indices, cosines = self._kin.indices[places, :widest], self._kin.cosines[places, :widest]
        every = np.unique(np.append(places, indices[indices >= 0]))
        at = np.searchsorted(every, places)
        kin = Neighbours.none(len(every), widest)
        kin.indices[at] = np.where(indices >= 0, np.searchsorted(every, indices), -1)
        kin.cosines[at] = cosines
        return csr_matrix(self._expansion.expand(self.growth.rows_of(every), kin)[at])

    # Candidates and lists

    def _renew_candidates(self, moved: Places, before: Places) -> Places:
        """Bring candidates up to date; return whose candidates are others now."""
        growth, roster, standing = self.growth, self._candidates, self.growth.stand_ins
        left, entering, others = _changes(before, standing)
        again = np.unique(np.concatenate((moved, entering, others)))
        chosen = np.isin(growth.model.candidates.indices[:, roster.width :], left).any(axis=1)
        touched = [again, np.flatnonzero(chosen), roster.drop(left)]
        if len(again):
            among = self._around(again)
            cosines = growth.expanded_cosines(again, among)
            for at, place in enumerate(again.tolist()):
                found, near = self._nearest(cosines[:, at], place, standing, roster.width, among)
                roster.put(place, found, near)
            came, cosines = again[standing[again] == again], cosines[:, standing[again] == again]
            cosines[(standing[among, None] == came) | (cosines < growth.model.ranking.floor)] = 0
            touched.append(roster.enter(came, cosines, among))
        return np.unique(np.concatenate(touched))

    def _around(self, places: Places) -> Places:
        """Return who may be near some articles by expanded words: who is or was near them, and who is near these."""
        kin, near = self._kin.indices, self._candidates.indices
        around = (places, self._candidates.holders(places), kin[places].ravel(), near[places].ravel())
        seeds: Places = np.unique(np.concatenate(around).astype(np.int64))
        seeds = seeds[seeds >= 0]
        every: Places = np.unique(np.concatenate((seeds, near[seeds, :_HOPS].ravel())))
        return every[every >= 0]

    def _nearest(
        self, cosines: Floats, place: int, stand_ins: Places, k: int, among: Places | None = None
    ) -> tuple[Places, Floats]:
        """Return the k nearest that stand for themselves, and not for the article, with their cosines."""
        names = np.arange(len(stand_ins)) if among is None else among
        open_to = (stand_ins[names] == names) & (names != place) & (names != stand_ins[place])
        cosines = np.where(open_to, cosines, 0)
        found = np.argpartition(-cosines, k)[:k] if k < len(cosines) else np.arange(len(cosines))
        found = found[cosines[found] > 0]
        found = found[np.lexsort((found, -cosines[found]))]
        return names[found], cosines[found]

    def _rank(self, places: Places) -> None:
        growth, roster = self.growth, self._candidates
        for place in places.tolist():
            entry = growth.own(place)
            entry.candidates[: roster.width], entry.cosines[: roster.width] = (
                roster.indices[place],
                roster.cosines[place],
            )
            self._choose(place, entry)

        def rank(block: Places) -> None:
            part, names = growth.part(block.tolist(), to_rank=True)
            lists = part.lists_of(np.searchsorted(names, block))
            for place, others, scores in zip(block.tolist(), lists.indices, lists.cosines, strict=True):
                entry = growth.entries[place]
                entry.listed[:], entry.scores[:] = np.where(others >= 0, names[others], -1), scores

        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(rank, self._parts(places)))

    def _parts(self, places: Places) -> list[Places]:
        at_once = min(-(-len(places) // self._threads), _AT_ONCE) or 1
        return [places[start : start + at_once] for start in range(0, len(places), at_once)]

    def _choose(self, place: int, entry: Entry) -> None:
        """Put behind the nearest of an article what its readers chose most often."""
        choice, width = self.growth.model.choice, self._width
        if place >= choice.shape[0] or choice.indptr[place] == choice.indptr[place + 1]:
            return
        row = slice(choice.indptr[place], choice.indptr[place + 1])
        others = choice.indices[row][np.argsort(-choice.data[row], kind="stable")]
        others = others[~np.isin(others, entry.candidates[:width]) & (self.growth.stand_ins[others] != GONE)][:CHOSEN]
        entry.candidates[width:], entry.cosines[width:] = -1, 0
        entry.candidates[width : width + len(others)] = others
        near = self.growth.expanded_of(others) @ self.growth.expanded_of([place]).T
        entry.cosines[width : width + len(others)] = near.toarray().ravel()


def _changes(before: Places, after: Places) -> tuple[Places, Places, Places]:
    """Return who stood for itself and does not any more, who does now and did not, and who has another to stand for it.

    New ones are among the second and the third.
    """
    every = np.arange(len(after))
    before = np.concatenate((before, np.full(len(after) - len(before), GONE)))
    stood, stands = before == every, after == every
    return (
        np.flatnonzero(stood & ~stands),
        np.flatnonzero(stands & ~stood),
        np.flatnonzero((after != GONE) & (after != before)),
    )
