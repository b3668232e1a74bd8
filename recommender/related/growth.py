"""Growth: what came after a model was made, folded in under what that night learned.

New, changed and withdrawn articles change few lists: their own, and those of their neighbours. Places from the model's
number of articles on are those that came after; the place of an article that was changed or withdrawn is given up, and
a changed one gets a new place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, csr_matrix, vstack

from recommender.batched import batched
from recommender.related.growth_rows import Entry, KinRow, TermRow, stacked
from recommender.related.kin import Kin
from recommender.related.model import Model
from recommender.related.neighbours import Neighbours
from recommender.related.ranking import rounded
from recommender.related.rules import RelatedRules

__all__ = ["GONE", "Growth"]

Places = NDArray[np.int64]


def _no_rows() -> csr_matrix:
    return csr_matrix(np.zeros((0, 0), dtype=np.float32))


def _no_places() -> Places:
    return np.zeros(0, dtype=np.int64)


_RANKED = 64
"""Articles whose lists are ranked at once."""
GONE = -1
"""What stands for a place that was given up."""


@dataclass
class Growth:
    """A model with what came after it.

    Attributes
    ----------
    model : Model
        Of n articles.
    position : int
        The archive's number of the last change that is folded in.
    ids, sections, languages : list of str, length m
        Of those that came after.
    published : array of float64, shape (m,)
        Unix seconds; 0 where no date is known.
    rows : csr_matrix of float32, shape (m, n_terms)
    expanded : dict of int to TermRow
        Of those whose expanded words are not the model's any more, and those that came after.
    originals, stand_ins : array of int, shape (n + m,)
        The exact copy, and the copy of any kind, that stands for each; -1 for a place that was given up.
    near : array of int, shape (pairs, 2)
        Near-copies that were found since.
    kin : dict of int to KinRow
        Of those whose kin are not the model's any more, and those that came after.
    entries : dict of int to Entry
        Of those whose candidates have changed.
    unkept : dict of str to set of int
        Places of what has changed since this was kept last: `articles` that came, `standing` (who stands for each),
        `expanded`, `kin` and `entries`.
    """

    model: Model
    position: int = 0
    ids: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    published: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    rows: csr_matrix = field(default_factory=_no_rows)
    expanded: dict[int, TermRow] = field(default_factory=dict)
    originals: Places = field(default_factory=_no_places)
    stand_ins: Places = field(default_factory=_no_places)
    near: Places = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))
    kin: dict[int, KinRow] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    unkept: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        if not self.ids and not len(self.stand_ins):
            self.rows = csr_matrix(self.model.rows[:0], dtype=np.float32)
            self.originals = np.array(self.model.originals, dtype=np.int64)
            self.stand_ins = np.array(self.model.stand_ins, dtype=np.int64)
        self.added = {self.ids[at]: len(self.model.ids) + at for at in range(len(self.ids))}

    def apart(self) -> Growth:
        """Return a growth of the same that may be changed while others read this one."""
        return replace(
            self,
            ids=list(self.ids),
            sections=list(self.sections),
            languages=list(self.languages),
            originals=np.array(self.originals),
            stand_ins=np.array(self.stand_ins),
            expanded=dict(self.expanded),
            kin=dict(self.kin),
            entries=dict(self.entries),  # these are never changed, but replaced
            unkept=defaultdict(set),
        )

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.model.ids) + len(self.ids)

    def place(self, article_id: str) -> int | None:
        """Return the place of an article; None where it is not, or was withdrawn."""
        place = self.added.get(article_id, self.model.places.get(article_id))
        return place if place is not None and self.stand_ins[place] != GONE else None

    def name(self, place: int) -> str:
        """Return the id of the article at a place."""
        n = len(self.model.ids)
        return self.model.ids[place] if place < n else self.ids[place - n]

    def moment(self, place: int) -> float:
        """Return when the article at a place was published, in Unix seconds; 0 where no date is known."""
        n = len(self.model.ids)
        return float(self.model.published[place] if place < n else self.published[place - n])

    # What changes

    def append(
        self,
        ids: Sequence[str],
        sections: Sequence[str],
        languages: Sequence[str],
        published: Sequence[float],
        rows: csr_matrix,
    ) -> None:
        """Give new articles, which stand for themselves as yet, the next places."""
        places = np.arange(self.size, self.size + len(ids))
        self.unkept["articles"].update(places.tolist())
        self.unkept["standing"].update(places.tolist())
        self.rows = csr_matrix(vstack((self.rows, rows)))
        self.added.update(zip(ids, places.tolist(), strict=True))
        self.originals = np.concatenate((self.originals, places))
        self.stand_ins = np.concatenate((self.stand_ins, places))
        self.published = np.concatenate((self.published, np.asarray(published, dtype=np.float64)))
        self.ids += ids
        self.sections += sections
        self.languages += languages

    def give_up(self, place: int) -> None:
        """Take an article out; who stands for its copies is to be settled."""
        self.stand(np.array([place]), GONE, GONE)
        self.entries.pop(place, None)
        self.unkept["entries"].add(place)

    def stand(self, places: Places, originals: Places | int, stand_ins: Places | int) -> None:
        """Let others, or nobody, stand for articles."""
        self.originals[places], self.stand_ins[places] = originals, stand_ins
        self.unkept["standing"].update(places.tolist())

    def add_copies(self, place: int, exact: Sequence[int], near: Sequence[int]) -> None:
        """Remember the copies of a new article; who stands for all is to be settled."""
        if exact:
            self.originals[place] = self.originals[exact[0]]
        self.near = np.vstack((self.near, *((place, other) for other in near)))

    def expand(self, places: Places, rows: csr_matrix) -> None:
        """Give articles other expanded words."""
        for place, start, end in zip(places.tolist(), rows.indptr[:-1], rows.indptr[1:], strict=True):
            self.expanded[place] = TermRow(rows.indices[start:end].copy(), rows.data[start:end].copy())
        self.unkept["expanded"].update(places.tolist())

    def relate(self, places: Places, found: Neighbours, bounds: NDArray[np.float32]) -> None:
        """Give articles other kin."""
        for place, others, cosines, bound in zip(
            places.tolist(), found.indices, found.cosines, bounds.tolist(), strict=True
        ):
            self.kin[place] = KinRow(others.copy(), cosines.copy(), bound)
        self.unkept["kin"].update(places.tolist())

    def own(self, place: int) -> Entry:
        """Return the candidates and the list of an article, to be changed; others go on reading the entry before."""
        there = place in self.entries or place < len(self.model.ids)
        self.entries[place] = self.entry(place).copy() if there else Entry.blank(self.model)
        self.unkept["entries"].add(place)
        return self.entries[place]

    # What is there

    def rows_of(self, places: Sequence[int] | Places) -> csr_matrix:
        """Return the rows of articles, in the order given."""
        asked = np.asarray(places, dtype=np.int64)
        return _take(self.model.rows, self.rows, asked, asked - len(self.model.ids))

    def expanded_of(self, places: Sequence[int] | Places) -> csr_matrix:
        """Return the expanded rows of articles, in the order given."""
        asked = np.asarray(places, dtype=np.int64)
        where, found = np.full(len(asked), -1), list[TermRow]()
        for at, place in enumerate(asked.tolist()):
            if (row := self.expanded.get(place)) is not None:
                where[at] = len(found)
                found.append(row)
        return _take(self.model.expanded, stacked(found, self.model.expanded.shape[1]), asked, where)

    def cosines(self, place: int) -> NDArray[np.float32]:
        """Return how near everybody is to one by own words; shape (n + m,)."""
        row = self.rows_of([place]).toarray().ravel()
        return np.concatenate((self.model.rows @ row, self.rows @ row))

    def expanded_cosines(self, places: Places, among: Places) -> NDArray[np.float32]:
        """Return how near some are to others by expanded words; shape (among, places)."""
        product = self.expanded_of(among) @ csr_matrix(self.expanded_of(places).T)
        return np.asarray(product.toarray(), dtype=np.float32)

    def copies_of(self, place: int) -> set[int]:
        """Return the copies of an article, exact and near, that are there."""
        near, n = self.model.near, len(self.model.ids)
        copies = {*np.flatnonzero(self.originals == self.originals[place]).tolist()}
        if place < n:
            copies |= {*near.indices[near.indptr[place] : near.indptr[place + 1]].tolist()}
        copies |= {*self.near[self.near[:, 0] == place, 1].tolist(), *self.near[self.near[:, 1] == place, 0].tolist()}
        return {other for other in copies if other != place and self.originals[other] != GONE}

    def family(self, place: int) -> Places:
        """Return an article, its copies, the copies of these, and so on, in order."""
        found, asked = {place}, [place]
        while asked:
            more = self.copies_of(asked.pop()) - found
            found |= more
            asked += more
        return np.array(sorted(found))

    def near_among(self, places: Places) -> csr_array:
        """Return which of some articles, in order, are near-copies."""
        old, local = places[places < len(self.model.ids)], np.full(self.size + 1, -1, dtype=np.int64)
        local[places] = np.arange(len(places))
        pairs = local[self.near]
        ones, others = pairs[(pairs >= 0).all(axis=1)].T
        values = np.ones(2 * len(ones), dtype=bool)
        both = np.concatenate((ones, others)), np.concatenate((others, ones))
        since = csr_array(coo_array((values, both), shape=(len(places),) * 2))
        return csr_array(_cut(self.model.near, old, len(places)) + since)

    def entry(self, place: int) -> Entry:
        """Return the candidates and the list of an article."""
        if place in self.entries:
            return self.entries[place]
        candidates, listed = self.model.candidates, self.model.listed
        return Entry(candidates.indices[place], candidates.cosines[place], listed.indices[place], listed.cosines[place])

    def part(self, block: Sequence[int], *, to_rank: bool = False) -> tuple[Model, Places]:
        """Return a model of some articles alone, with their candidates and lists, and the places of all in it.

        Any of the block may be looked at beside any other as in a model of all; one that is to rank lists only has no
        expanded words.
        """
        entries = [self.entry(place) for place in block]
        chosen = np.concatenate([np.asarray(block), self.stand_ins[list(block)]])
        chosen = np.concatenate([chosen, *(part for one in entries for part in (one.candidates, one.listed))])
        places = np.unique(chosen[chosen >= 0]).astype(np.int64)
        n, model = len(self.model.ids), self.model
        old, new = places[places < n], places[places >= n] - n
        names = [self.name(place) for place in places.tolist()]
        local = np.full(self.size + 1, -1, dtype=np.int64)  # the last is for -1
        local[places] = np.arange(len(places))
        at = local[list(block)]
        candidates = Neighbours.none(len(places), model.candidates.indices.shape[1])
        listed = Neighbours.none(len(places), model.listed.indices.shape[1])
        for one, entry in zip(at, entries, strict=True):
            candidates.indices[one], candidates.cosines[one] = local[entry.candidates], entry.cosines
            listed.indices[one], listed.cosines[one] = local[entry.listed], entry.scores
        part = replace(
            model,
            ids=names,
            sections=[*(model.sections[place] for place in old), *(self.sections[place] for place in new)],
            languages=[*(model.languages[place] for place in old), *(self.languages[place] for place in new)],
            published=np.concatenate((model.published[old], self.published[new])),
            rows=self.rows_of(places),
            expanded=self.expanded_of([] if to_rank else places),
            stand_ins=local[self.stand_ins[places]],
            kin=self._kin_among(places, local),
            near=self.near_among(places),
            choice=_cut(model.choice, old, len(places)),
            trust=_cut(model.trust, old, len(places)),
            candidates=candidates,
            listed=listed,
        )
        return part, places

    def _kin_among(self, places: Places, local: Places) -> Kin:
        """Return the kin of some articles, in order, as far as they have a local number."""
        found, old = self.model.kin.found, places[places < len(self.model.ids)]
        among = Neighbours.none(len(places), found.indices.shape[1])
        bounds = np.full(len(places), np.inf, dtype=np.float32)
        among.indices[: len(old)], among.cosines[: len(old)] = local[found.indices[old]], found.cosines[old]
        bounds[: len(old)] = self.model.kin.bounds[old]
        if others := {at: row for at, place in enumerate(places.tolist()) if (row := self.kin.get(place)) is not None}:
            at = list(others)
            kin, among.cosines[at], bounds[at] = map(np.array, zip(*others.values(), strict=True))
            among.indices[at] = local[kin]
        return Kin(among, bounds, self.model.kin.k)

    def list_of(self, article_id: str) -> dict[str, float]:
        """Return an article's list, nearest first, with scores."""
        place = self.place(article_id)
        if place is None:
            return {}
        entry = self.entry(place)
        there = entry.listed >= 0
        return {
            self.name(other): score
            for other, score in zip(entry.listed[there].tolist(), rounded(entry.scores[there]), strict=True)
        }

    def lists_by(self, rules: RelatedRules, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the lists of some articles as others would rank the same candidates; empty for what is gone."""
        lists: dict[str, dict[str, float]] = {article_id: {} for article_id in ids}
        places = sorted(place for one in lists if (place := self.place(one)) is not None)
        for block in batched(places, _RANKED):
            part, names = self.part(block, to_rank=True)
            found = part.by(rules).lists_of(np.searchsorted(names, block))
            for place, others, scores in zip(block, found.indices.tolist(), rounded(found.cosines), strict=True):
                ranked = zip(others, scores, strict=True)
                lists[self.name(place)] = {self.name(int(names[at])): score for at, score in ranked if at >= 0}
        return lists

    def listed_in(self, article_id: str) -> dict[str, int]:
        """Return the articles in whose list an article stands, with its rank there, the best rank first."""
        wanted = self.place(article_id)
        if wanted is None:
            return {}
        places, ranks = np.nonzero(self.model.listed.indices == wanted)
        found = {
            place: rank + 1
            for place, rank in zip(places.tolist(), ranks.tolist(), strict=True)
            if place not in self.entries and self.stand_ins[place] != GONE
        }
        for place, entry in self.entries.items():
            at = np.flatnonzero(entry.listed == wanted)
            if len(at) and self.stand_ins[place] != GONE:
                found[place] = int(at[0]) + 1
        return {self.name(place): rank for place, rank in sorted(found.items(), key=lambda item: (item[1], item[0]))}


def _take(old: csr_matrix, new: csr_matrix, places: Places, where: Places) -> csr_matrix:
    """Return rows of the new matrix, as ``where`` says, and of the old one where that is negative."""
    first = where < 0
    if first.all():
        return csr_matrix(old[places])
    rows = csr_matrix(vstack((old[places[first]], new[where[~first]])))
    return csr_matrix(rows[np.argsort(np.argsort(~first, kind="stable"))])


def _cut(pairs: csr_array, places: Places, count: int) -> csr_array:
    """Return what is said of pairs of some places, which come first of ``count``."""
    if not pairs.nnz or not len(places):
        return csr_array((count, count), dtype=pairs.dtype)
    found = pairs[places][:, places].tocoo()
    return csr_array(coo_array((found.data, (found.row, found.col)), shape=(count, count)))
