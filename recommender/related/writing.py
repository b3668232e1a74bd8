"""What is compiled of packing: lists written as JSON. Importing this takes a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.related.compiled import compiled

__all__ = ["write_lists"]

_PLACES = 4
"""To which scores are written."""


@compiled
def _write_score(score: float, text: NDArray[np.uint8], at: int) -> int:
    """Write a score to four places, without noughts at its end but the first; return where it ends."""
    left = np.int64(np.rint(score * 10**_PLACES))
    digits = _PLACES + 1
    while left >= 10**digits:
        digits += 1
    at += digits + 1
    for place in range(1, digits + 2):  # from the last
        if place == _PLACES + 1:
            text[at - place] = ord(".")
        else:
            text[at - place] = ord("0") + left % 10
            left //= 10
    while text[at - 1] == ord("0") and text[at - 2] != ord("."):
        at -= 1
    return at


@compiled
def write_lists(
    keys: tuple[NDArray[np.uint8], NDArray[np.int64]],
    indices: NDArray[np.int32],
    scores: NDArray[np.float32],
    text: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> None:
    """Write lists as JSON objects, as `packed_lists` gives them.

    Parameters
    ----------
    keys : text, starts
        Of each article its key in such an object, the colon included.
    indices, scores : arrays, shape (b, keep)
        -1 where there are no more.
    text : array of uint8
        Filled with the objects, one behind the other.
    ends : array of int64, shape (b,)
        Filled with where each of them ends.
    """
    names, starts = keys
    at = 0
    for row in range(len(indices)):
        for place in range(indices.shape[1]):
            other = indices[row, place]
            if other < 0:
                break
            text[at] = ord(",") if place else ord("{")
            at += 1
            key = names[starts[other] : starts[other + 1]]
            for letter in key:
                text[at] = letter
                at += 1
            at = _write_score(float(scores[row, place]), text, at)
        if indices[row, 0] >= 0:
            text[at] = ord("}")
            at += 1
        ends[row] = at
