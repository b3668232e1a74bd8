"""Packing: a list as it is kept in Redis, a JSON object of article ids, nearest first, and their scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from recommender.related.neighbours import COMPILED, Neighbours
from recommender.related.ranking import rounded

__all__ = ["pack", "packed_lists", "unpack"]

_BLOCK = 1024
_LONGEST = 24
"""Bytes of a score and what stands around it, at most."""


def pack(scores: Mapping[str, float]) -> bytes:
    """Return a list as it is kept; an empty one is empty."""
    return to_json(scores) if scores else b""


def unpack(packed: str | None) -> dict[str, float]:
    """Return the scores of a list that was read; there are none where there is no list."""
    return json.loads(packed) if packed else {}


def packed_lists(ids: Sequence[str], listed: Neighbours) -> Iterator[bytes]:
    """Yield the list of each of n articles as it is kept, its scores rounded to four places.

    Parameters
    ----------
    ids : sequence of str, length n
    listed : Neighbours
        Scores, none of them negative, in place of cosines.
    """
    write = _written if COMPILED else _written_slowly
    keys = _Keys(ids)
    for start in range(0, len(ids), _BLOCK):
        block = slice(start, start + _BLOCK)
        yield from write(keys, listed.indices[block], listed.cosines[block])


class _Keys:
    """Article ids as the keys of JSON objects, one behind the other."""

    def __init__(self, ids: Sequence[str]) -> None:
        keys = [to_json(one) + b":" for one in ids]
        self.ids = ids
        self.text = np.frombuffer(b"".join(keys), dtype=np.uint8)
        self.starts = np.concatenate(([0], np.cumsum([len(key) for key in keys], dtype=np.int64)))


def _written(keys: _Keys, indices: NDArray[np.int32], scores: NDArray[np.float32]) -> Iterator[bytes]:
    from recommender.related.writing import write_lists  # noqa: PLC0415 - takes a second

    there = indices >= 0
    room = np.diff(keys.starts)[indices[there]].sum() + _LONGEST * (there.sum() + 1)
    text, ends = np.empty(room, dtype=np.uint8), np.zeros(len(indices) + 1, dtype=np.int64)
    write_lists((keys.text, keys.starts), indices, scores, text, ends[1:])
    whole = text.tobytes()
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        yield whole[start:end]


def _written_slowly(keys: _Keys, indices: NDArray[np.int32], scores: NDArray[np.float32]) -> Iterator[bytes]:
    for near, worth in zip(indices.tolist(), rounded(scores), strict=True):
        yield pack({keys.ids[one]: score for one, score in zip(near, worth, strict=True) if one >= 0})
