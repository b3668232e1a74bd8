"""Readers' choice: what those who read an article also read, learned from the stream of views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
from redis import Redis
from scipy.sparse import coo_array, csr_array

from recommender.batched import batched
from recommender.redis.keys import Keys

__all__ = ["READERS_HALF_LIFE_S", "READERS_KEPT", "READERS_S", "TRAIL_LENGTH", "TRAIL_S", "ReadersChoice"]

TRAIL_LENGTH = 8
"""Articles of one visitor that are related to the next one read."""
TRAIL_S = 1800
"""Seconds after the last view in which a visitor's trail is forgotten."""
READERS_HALF_LIFE_S = 14 * 86_400
"""Seconds in which a shared reader counts half."""
READERS_KEPT = 50
"""Articles for which an article keeps its shared readers."""
READERS_S = 60 * 86_400
"""Seconds for which they are kept after the last view."""

_FEW_READERS = 20
_FEW_SHARED = 30
_BATCH = 200
_SCANNED = 1000
"""Keys that are looked through in one call."""


class ReadersChoice:
    """Reads what the counters learned of shared readers.

    Parameters
    ----------
    redis : Redis
        Decoding responses, with a job's time budget.
    keys : Keys
        The site's keys.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    def learn(self, ids: Sequence[str], now: float) -> tuple[csr_array, csr_array]:
        """Return how strongly articles are chosen together, and how far that is to be trusted.

        With c readers of each and c_ab of both, decayed: choice is c_ab / sqrt((c_a + 20) (c_b + 20)), trust is
        c_ab / (c_ab + 30). Articles without views have neither, so that words decide alone.

        Parameters
        ----------
        ids : sequence of str, length n
        now : float
            Unix seconds.

        Returns
        -------
        choice, trust : csr_array of float32, shape (n, n)
            Symmetric as far as both sides are kept; without the diagonal.
        """
        places = {article_id: place for place, article_id in enumerate(ids)}
        readers = np.zeros(len(ids))
        pairs: list[tuple[int, int, float]] = []
        for one, shared in self._shared(now):
            if one not in places:
                continue
            readers[places[one]] = shared.pop(one, 0.0)
            pairs += [(places[one], places[other], count) for other, count in shared.items() if other in places]
        ones, others = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
        both = np.array([count for *_, count in pairs], dtype=np.float64)
        choice = both / np.sqrt((readers[ones] + _FEW_READERS) * (readers[others] + _FEW_READERS))
        trust = both / (both + _FEW_SHARED)
        shape = (len(ids), len(ids))
        return (
            csr_array(coo_array((np.minimum(choice, 1).astype(np.float32), (ones, others)), shape=shape)),
            csr_array(coo_array((trust.astype(np.float32), (ones, others)), shape=shape)),
        )

    def _shared(self, now: float) -> Iterator[tuple[str, dict[str, float]]]:
        """Yield the articles that were read, each with its decayed readers and those it shares with others."""
        landmark = float(cast("str | None", self._redis.hget(self._keys.view_clock, "landmark")) or 0)
        fade = 2.0 ** ((landmark - now) / READERS_HALF_LIFE_S)
        prefix = self._keys.readers_prefix
        # Most articles of an archive have no readers left; a scan may come upon a key twice.
        keys = sorted(set(self._redis.scan_iter(f"{prefix}*", count=_SCANNED)))
        for some in batched(keys, _BATCH):
            with self._redis.pipeline(transaction=False) as pipe:
                for key in some:
                    pipe.zrange(key, 0, -1, withscores=True)
                for key, shared in zip(some, pipe.execute(), strict=True):
                    yield key.removeprefix(prefix), {other: weight * fade for other, weight in shared}
