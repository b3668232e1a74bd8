"""Folding: changes into a growth, by the way that the night goes, for a few articles at a time.

What one article changes goes in rings: it enters the kin of some, whose expanded words change; that moves these in the
candidates of others; and of all whose candidates have changed the lists are ranked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.article import Article, section_key
from recommender.related.copies import (
    CopyRule,
    fingerprint,
    near_copies,
    originals,
    sketch,
    stand_ins,
    word_hashes,
)
from recommender.related.expansion import Expansion
from recommender.related.growth import GONE, Entry, Growth, Places
from recommender.related.model import CHOSEN
from recommender.related.neighbours import Neighbours
from recommender.related.roster import Roster
from recommender.text.words import Words

__all__ = ["Folding"]

_COULD_BE = 0.4
"""Cosine of own words below which two articles are no copies."""
_AT_ONCE = 64
"""Articles that are compared with all, or whose lists are ranked, at once."""

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
            self._kin.go_on(growth.kin_of, growth.kin)
        for place, entry in growth.entries.items():
            self._candidates.put(place, entry.candidates[: self._width].astype(np.int64), entry.cosines[: self._width])

    def take_in(self, articles: Sequence[Article]) -> set[str]:
        """Fold changes in; return the ids whose list is another now, or gone.

        Parameters
        ----------
        articles : sequence of Article
            As they are now; of each id one.
        """
        growth = self.growth
        before = growth.originals.copy(), growth.stand_ins.copy()
        gone = [place for one in articles if (place := growth.place(one.id)) is not None]
        lost = {growth.name(place) for place in gone}
        bereft = self._give_up(gone)
        fresh = [one for one in articles if not one.withdrawn]
        added = self._append(fresh)
        self._find_copies(fresh, added)
        self._settle([*bereft, *added.tolist()])
        moved = self._renew_kin(before[0])
        touched = self._renew_candidates(moved, before[1])
        self._rank(touched)
        return lost | {growth.name(place) for place in touched.tolist()}

    # Going and coming

    def _give_up(self, gone: list[int]) -> set[int]:
        """Take articles out; return those that were their copies."""
        growth = self.growth
        copies = {other for place in gone for other in growth.copies_of(place)} - {*gone}
        growth.give_up(gone)
        return copies

    def _append(self, fresh: Sequence[Article]) -> Places:
        """Give new articles their places and rows; each stands for itself as yet."""
        growth, reader, words = self.growth, self.growth.model.lexicon.reader, Words()
        for article in fresh:
            moment = article.published_at.timestamp() if article.published_at else 0.0
            growth.append(article.id, section_key(article.section), reader.read(article, words).language, moment)
        growth.rows = csr_matrix(vstack((growth.rows, growth.model.lexicon.rows(fresh))))
        for roster in (self._kin, self._candidates):
            roster.extend(len(fresh))
        return np.arange(growth.size - len(fresh), growth.size)

    # Copies

    def _find_copies(self, fresh: Sequence[Article], added: Places) -> None:
        growth = self.growth
        cosines = growth.cosines(added)
        for at, (article, place) in enumerate(zip(fresh, added.tolist(), strict=True)):
            kin, near = self._nearest(cosines[:, at], place, growth.originals, self._expansion.widest)
            exact, alike = self._copies(article, place, kin[near >= _COULD_BE], near[near >= _COULD_BE])
            growth.add_copies(place, exact, alike)

    def _copies(self, article: Article, place: int, kin: Places, cosines: Floats) -> tuple[list[int], list[int]]:
        """Return the exact copies and the near-copies of an article among its nearest."""
        growth, reader, words = self.growth, self.growth.model.lexicon.reader, Words()
        texts = [(other, text) for other in kin.tolist() if (text := self._whole(growth.name(other)))]
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
        exact = [other for other, text in texts if fingerprint(text) == mark]
        return exact, [other for at, (other, _) in enumerate(every) if at and copies[0, at]]

    def _settle(self, seeds: Sequence[int]) -> None:
        """Choose anew, in the families that articles belong to, who stands for whom."""
        growth, done = self.growth, set[int]()
        for seed in seeds:
            if seed in done:
                continue
            family = growth.family(seed)
            done |= {*family.tolist()}
            moments = np.array([growth.moment(place) for place in family.tolist()])
            exact = originals(growth.originals[family].tolist(), moments)
            growth.originals[family] = family[exact]
            growth.stand_ins[family] = family[stand_ins(exact, growth.near_among(family), moments)]

    # Kin and their words

    def _renew_kin(self, before: Places) -> Places:
        """Bring kin and expanded words up to date; return whose words are others now."""
        growth, kin, widest = self.growth, self._kin, self._expansion.widest
        left, came = _changes(before, growth.originals)
        again = np.flatnonzero((growth.originals != GONE) & (growth.originals != _longer(before, growth.size)))
        first = kin.indices[:, :widest].copy()
        cosines = growth.cosines(came)
        cosines[growth.originals[:, None] == came] = 0
        rows = kin.replace(left, came, cosines)
        again = np.union1d(again, kin.short(rows, widest))
        for some in _parts(again):
            for place, cosines in zip(some.tolist(), growth.cosines(some).T, strict=True):
                kin.put(place, *self._nearest(cosines, place, growth.originals, kin.width))
        moved: Places = np.union1d(again, rows[(kin.indices[rows, :widest] != first[rows]).any(axis=1)])
        moved = moved[growth.originals[moved] != GONE]
        growth.expand(moved, self._expanded(moved))
        growth.kin_of, growth.kin = kin.changed(widest)
        return moved

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
        growth, roster, floor = self.growth, self._candidates, self.growth.model.ranking.floor
        standing = growth.stand_ins
        left, entering = _changes(before, standing)
        settled = np.flatnonzero((standing != GONE) & (standing != _longer(before, growth.size)))
        again = np.union1d(np.union1d(moved, entering), settled)
        touched = [again, roster.replace(left, again[:0], np.zeros((growth.size, 0), dtype=np.float32))]
        touched.append(np.flatnonzero(np.isin(growth.model.candidates.indices[:, roster.width :], left).any(axis=1)))
        for some in _parts(again):
            cosines = growth.expanded_cosines(some)
            for at, place in enumerate(some.tolist()):
                roster.put(place, *self._nearest(cosines[:, at], place, standing, roster.width))
            themselves = standing[some] == some
            came, cosines = some[themselves], cosines[:, themselves]
            cosines[(standing[:, None] == came) | (cosines < floor)] = 0
            touched.append(roster.replace(again[:0], came, cosines))
        places: Places = np.unique(np.concatenate(touched))
        there: Flags = standing[places] != GONE
        return places[there]

    def _nearest(self, cosines: Floats, place: int, stand_ins: Places, k: int) -> tuple[Places, Floats]:
        """Return the k nearest that stand for themselves, and not for the article, with their cosines."""
        open_to = stand_ins == np.arange(len(stand_ins))
        open_to[[place, stand_ins[place]]] = False
        cosines = np.where(open_to, cosines, 0)
        found = np.argpartition(-cosines, k)[:k] if k < len(cosines) else np.arange(len(cosines))
        found = found[cosines[found] > 0]
        found = found[np.lexsort((found, -cosines[found]))]
        return found, cosines[found]

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
            part, names = growth.part(block.tolist())
            lists = part.lists_of(np.searchsorted(names, block))
            for place, others, scores in zip(block.tolist(), lists.indices, lists.cosines, strict=True):
                entry = growth.entries[place]
                entry.listed[:], entry.scores[:] = np.where(others >= 0, names[others], -1), scores

        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(rank, _parts(places)))

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


def _changes(before: Places, after: Places) -> tuple[Places, Places]:
    """Return who stood for itself and does not any more, and who does now and did not, new ones too."""
    stood, stands = _longer(before, len(after)) == np.arange(len(after)), after == np.arange(len(after))
    return np.flatnonzero(stood & ~stands), np.flatnonzero(stands & ~stood)


def _longer(places: Places, size: int) -> Places:
    return np.concatenate((places, np.full(size - len(places), GONE)))


def _parts(places: Places) -> list[Places]:
    return [places[start : start + _AT_ONCE] for start in range(0, len(places), _AT_ONCE)]
