"""What is compiled of the exact search: the comparing of rows with blocks of others. Importing this takes a second.

A cosine is first added up in whole numbers, of weights that are rounded up: it can be no more than that. Only the few
pairs that may be near are compared word by word.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.related.compiled import compiled

__all__ = ["BLOCK", "Part", "compare", "learn", "round_up", "sort_found"]

BLOCK = 8192
"""Articles compared with at a time: their sums stay in the processor's nearest cache."""
_STRIP = 64
_EPSILON = np.finfo(np.float32).eps

Exact = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]
"""Starts, terms and weights, as a CSR matrix has them, terms ascending."""
Rounded = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]
"""Starts, words and rounded weights, as a CSR matrix has them."""
Postings = tuple[NDArray[np.int32], NDArray[np.uint16], NDArray[np.uint8]]
"""Starts, places in a part and rounded weights, as a CSC matrix has them."""
Rows = tuple[Exact, Rounded, Rounded, NDArray[np.float32]]
"""Rows as they are; their rare words; their common words, numbered from 0; and what 1 in a byte of each row means."""
Part = tuple[int, Rows, Postings, NDArray[np.uint8]]
"""Up to `BLOCK` of all rows: number of the first; the rows; and the same by words, the rare ones' postings, and of each
common word the weight in every row."""
Names = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Of each row the index that it has as a neighbour, -1 if it is nobody's, and the one that none of its own may have."""
Found = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]
"""Indices and cosines, shape (n, k), each row a heap, its farthest first; how many; and the least that counts."""


@compiled
def _room(n_starts: int, size: int) -> Rounded:
    return np.zeros(n_starts, dtype=np.int32), np.empty(size, dtype=np.int32), np.empty(size, dtype=np.uint8)


@compiled
def round_up(rows: Exact, numbers: NDArray[np.int32]) -> Rows:
    """Split rows into rare and common words, with weights rounded up to bytes, each row in units of its own.

    Parameters
    ----------
    numbers : array of int32, shape (n_terms,)
        Of each word the number of its column if it is common, -1 if it is rare, -2 if it is left out.
    """
    starts, terms, weights = rows
    n_kept = n_common = 0
    for term in terms:
        n_kept += numbers[term] >= -1
        n_common += numbers[term] >= 0
    kept = np.zeros(len(starts), dtype=np.int32), np.empty(n_kept, dtype=np.int32), np.empty(n_kept, dtype=np.float32)
    rare, common = _room(len(starts), n_kept - n_common), _room(len(starts), n_common)
    units = np.empty(len(starts) - 1, dtype=np.float32)
    for row in range(len(starts) - 1):
        # Rounding makes a row of n words longer by the root of n at most, and no sum may come to 256 times 256; none
        # does before two articles share 65,000 words.
        n_words = starts[row + 1] - starts[row]
        scale = np.float32(max(1, 255 - np.sqrt(n_words)))
        # Adding up floats rounds as well, at each word by half a last place.
        units[row] = (1 + _EPSILON * (n_words + 8)) / scale
        at_kept, at_rare, at_common = kept[0][row], rare[0][row], common[0][row]
        for at in range(starts[row], starts[row + 1]):
            number = numbers[terms[at]]
            if number < -1:
                continue
            kept[1][at_kept], kept[2][at_kept] = terms[at], weights[at]
            at_kept += 1
            rounded = np.uint8(np.ceil(weights[at] * scale))
            if number < 0:
                rare[1][at_rare], rare[2][at_rare] = terms[at], rounded
                at_rare += 1
            else:
                common[1][at_common], common[2][at_common] = number, rounded
                at_common += 1
        kept[0][row + 1], rare[0][row + 1], common[0][row + 1] = at_kept, at_rare, at_common
    return kept, rare, common, units


@compiled
def _farther(indices: NDArray[np.int32], cosines: NDArray[np.float32], one: int, other: int) -> bool:
    """Tell whether one place of a list is farther than another; of equals the one of the higher index is."""
    if cosines[one] != cosines[other]:
        return bool(cosines[one] < cosines[other])
    return bool(indices[one] > indices[other])


@compiled
def _swap(indices: NDArray[np.int32], cosines: NDArray[np.float32], one: int, other: int) -> None:
    indices[one], indices[other] = indices[other], indices[one]
    cosines[one], cosines[other] = cosines[other], cosines[one]


@compiled
def _sink(indices: NDArray[np.int32], cosines: NDArray[np.float32], count: int) -> None:
    """Let the first of a heap sink until all below it are nearer."""
    place = 0
    while 2 * place + 1 < count:
        below = 2 * place + 1
        if below + 1 < count and _farther(indices, cosines, below + 1, below):
            below += 1
        if _farther(indices, cosines, place, below):
            return
        _swap(indices, cosines, place, below)
        place = below


@compiled
def _add(found: Found, row: int, index: int, cosine: np.float32) -> None:
    """Add to what was found for a row; when there is no more room, in place of the farthest if that is farther."""
    indices, cosines, counts, least = found
    k = indices.shape[1]
    place = counts[row]
    if place == k:
        if cosine == cosines[row, 0] and index > indices[row, 0]:
            return
        indices[row, 0], cosines[row, 0] = index, cosine
        _sink(indices[row], cosines[row], k)
    else:
        indices[row, place], cosines[row, place] = index, cosine
        counts[row] += 1
        while place > 0 and _farther(indices[row], cosines[row], place, (place - 1) // 2):
            _swap(indices[row], cosines[row], place, (place - 1) // 2)
            place = (place - 1) // 2
    if counts[row] == k:
        least[row] = max(least[row], cosines[row, 0])


@compiled
def sort_found(found: Found) -> None:
    """Order what was found for each row, nearest first and equals by index: of a heap the farthest goes last."""
    indices, cosines, counts, _ = found
    for row in range(len(counts)):
        for count in range(counts[row] - 1, 0, -1):
            _swap(indices[row], cosines[row], 0, count)
            _sink(indices[row], cosines[row], count)


@compiled
def _add_column(sums: NDArray[np.uint16], weight: np.uint16, column: NDArray[np.uint8]) -> None:
    for target in range(len(sums)):
        sums[target] += weight * column[target]


@compiled
def _add_columns(
    sums: NDArray[np.uint16], words: NDArray[np.int32], weights: NDArray[np.uint8], columns: NDArray[np.uint8]
) -> None:
    """Add four columns, so that a sum is read and written once for all."""
    one, two, three, four = columns[words[0]], columns[words[1]], columns[words[2]], columns[words[3]]
    by_one, by_two = np.uint16(weights[0]), np.uint16(weights[1])
    by_three, by_four = np.uint16(weights[2]), np.uint16(weights[3])
    for target in range(len(sums)):
        sums[target] += by_one * one[target] + by_two * two[target] + by_three * three[target] + by_four * four[target]


@compiled
def _add_postings(
    sums: NDArray[np.uint16], weight: np.uint16, places: NDArray[np.uint16], weights: NDArray[np.uint8]
) -> None:
    for at in range(len(places)):
        sums[places[at]] += weight * weights[at]


@compiled
def _add_common(sums: NDArray[np.uint16], row: int, common: Rounded, columns: NDArray[np.uint8]) -> None:
    starts, words, weights = common
    at, last = starts[row], starts[row + 1]
    while at + 4 <= last:
        _add_columns(sums, words[at : at + 4], weights[at : at + 4], columns)
        at += 4
    while at < last:
        _add_column(sums, np.uint16(weights[at]), columns[words[at]])
        at += 1


@compiled
def _add_rare(sums: NDArray[np.uint16], row: int, rare: Rounded, postings: Postings) -> None:
    starts, words, weights = rare
    posting_starts, places, posting_weights = postings
    for at in range(starts[row], starts[row + 1]):
        some = slice(posting_starts[words[at]], posting_starts[words[at] + 1])
        _add_postings(sums, np.uint16(weights[at]), places[some], posting_weights[some])


@compiled
def _add_up(
    sums: NDArray[np.uint16], row: int, rare: Rounded, common: Rounded, postings: Postings, columns: NDArray[np.uint8]
) -> None:
    """Fill in the sums of a row's rounded products with each target of a block."""
    sums[:] = 0
    _add_common(sums, row, common, columns)
    _add_rare(sums, row, rare, postings)


@compiled
def _some_near(
    sums: NDArray[np.uint16],
    unit: np.float32,
    units: NDArray[np.float32],
    least: np.float32,
    wanted: NDArray[np.float32],
) -> bool:
    near = 0
    for target in range(len(sums)):
        near += np.float32(sums[target]) * (unit * units[target]) >= min(least, wanted[target])
    return near > 0


@compiled
def _cosine(dense: NDArray[np.float32], terms: NDArray[np.int32], weights: NDArray[np.float32]) -> np.float32:
    """Return the cosine of a row with one that is laid out densely.

    It is added up word by word, so that its last bit is the same from either side.
    """
    cosine = np.float32(0)
    for at in range(len(terms)):
        cosine += dense[terms[at]] * weights[at]
    return cosine


@compiled
def _lay_out(dense: NDArray[np.float32], row: int, exact: Exact, share: float) -> None:
    starts, terms, weights = exact
    for at in range(starts[row], starts[row + 1]):
        dense[terms[at]] = share * weights[at]


@compiled
def _greatest(sums: NDArray[np.uint16], greatest: NDArray[np.uint16]) -> None:
    """Deal sums out to as many hands as there is room for, and fill in the greatest of each."""
    hands = len(greatest)
    greatest[:] = 0
    for start in range(0, len(sums), hands):
        for hand in range(min(hands, len(sums) - start)):
            greatest[hand] = max(greatest[hand], sums[start + hand])


@compiled
def learn(one: Part, other: Part, names: Names, found: Found) -> None:
    """Let nothing count for the rows of one part that is farther than all of some of another part that are near.

    These are the greatest by their sums, dealt out so that neighbours in the part come into different hands; one more
    than there is room for, since one may be the row itself.
    """
    first, (exact, rare, common, _), _, _ = one
    offset, ((starts, terms, weights), _, _, _), postings, columns = other
    (indices, own), k, least, size = names, found[0].shape[1], found[3], len(starts) - 1
    targets = indices[offset : offset + size]
    greatest = np.empty(min(4 * k, size), dtype=np.uint16)
    rank = len(greatest) - 1 - k
    if rank < 0:
        return
    sums, near = np.empty(size, dtype=np.uint16), np.empty(size, dtype=np.float32)
    dense = np.zeros(len(postings[0]) - 1, dtype=np.float32)
    for row in range(len(exact[0]) - 1):
        _add_up(sums, row, rare, common, postings, columns)
        for target in range(size):
            sums[target] *= targets[target] >= 0
        _greatest(sums, greatest)
        enough = max(1, np.partition(greatest, rank)[rank])
        _lay_out(dense, row, exact, 1)
        count = 0
        for hand in np.flatnonzero(greatest >= enough):
            for target in range(hand, size, len(greatest)):
                if sums[target] >= enough and targets[target] != own[first + row]:
                    words = slice(starts[target], starts[target + 1])
                    near[count] = _cosine(dense, terms[words], weights[words])
                    count += 1
        if count >= k:
            least[first + row] = max(least[first + row], np.partition(near[:count], count - k)[count - k])
        _lay_out(dense, row, exact, 0)


@compiled
def compare(one: Part, other: Part, names: Names, found: Found) -> None:
    """Compare the rows of two parts, or those of one with each other, and add what is near to what was found of both.

    Parameters
    ----------
    one, other : Part
    names : Names
        Of all rows.
    found : Found
        Of all rows.
    """
    first, (exact, rare, common, row_units), _, _ = one
    offset, ((starts, terms, weights), _, _, units), postings, columns = other
    (indices, own), least, size = names, found[3], len(starts) - 1
    sums = np.empty(size, dtype=np.uint16)
    dense = np.zeros(len(postings[0]) - 1, dtype=np.float32)
    wanted = least[offset : offset + size]
    for place in range(len(exact[0]) - 1):
        row, unit = first + place, row_units[place]
        _add_up(sums, place, rare, common, postings, columns)
        _lay_out(dense, place, exact, 1)
        begin = place + 1 if first == offset else 0
        for strip in range(begin // _STRIP * _STRIP, size, _STRIP):
            some = slice(strip, min(strip + _STRIP, size))
            if not _some_near(sums[some], unit, units[some], least[row], wanted[some]):
                continue
            for at in range(max(begin, strip), some.stop):
                if np.float32(sums[at]) * (unit * units[at]) < min(least[row], wanted[at]):
                    continue
                target, words = offset + at, slice(starts[at], starts[at + 1])
                cosine = _cosine(dense, terms[words], weights[words])
                if cosine >= least[row] and 0 <= indices[target] != own[row]:
                    _add(found, row, indices[target], cosine)
                if cosine >= least[target] and 0 <= indices[row] != own[target]:
                    _add(found, target, indices[row], cosine)
        _lay_out(dense, place, exact, 0)
