"""Published lists: each version whole in Redis, and one pointer to the version that readers see."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, cast

from redis import Redis

from recommender.errors import RecommenderError
from recommender.redis.keys import Keys
from recommender.redis.scripts import script
from recommender.related.packing import pack, unpack
from recommender.related.publication import Facts, Publication, publishing

__all__ = ["POSITION", "RANKED", "Lists", "field_of"]

POSITION = ""
"""Field, which is no article's id, of a version's lists: up to where changes since then are in them."""

RANKED = {"": 1.0}
"""What stands in the field of a variant itself: all lists of the version are ranked for it."""


def field_of(variant: str, article_id: str = "") -> str:
    """Return the field, in a version's lists, of an article's list by a variant, or of the variant itself."""
    return f"{article_id}\n{variant}"


class Lists:
    """The related lists of a site, by version.

    Parameters
    ----------
    redis : Redis
        Decoding responses.
    keys : Keys
        The site's keys.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    def read(self, article_id: str, variant: str = "") -> tuple[str | None, dict[str, float]]:
        """Return the current version and, nearest first, the score of each neighbour of an article in it.

        A variant that has no list of the article, or none yet, gets the site's.
        """
        fields = [field_of(variant, article_id), article_id] if variant else [article_id]
        found = self._redis.eval(script("read_list"), 1, self._keys.current, *self._keys.lists_parts, *fields)
        if not found:
            return None, {}
        version, packed = cast("tuple[str, str | None]", found)
        return version, unpack(packed)

    def read_all(self, version: str, ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return, nearest first, the score of each neighbour of some articles in a version."""
        found = cast("list[str | None]", self._redis.hmget(self._keys.lists(version), list(ids)))
        return {article_id: unpack(packed) for article_id, packed in zip(ids, found, strict=True)}

    def has(self, version: str, variant: str) -> bool:
        """Tell whether all lists of a version are ranked for a variant."""
        return bool(self._redis.hexists(self._keys.lists(version), field_of(variant)))

    @property
    def current(self) -> str | None:
        """The version that readers see; None before the first."""
        return cast("str | None", self._redis.get(self._keys.current))

    def versions(self) -> dict[str, dict[str, Any]]:
        """Return the facts of every version that is kept, the oldest first."""
        found = cast("dict[str, str]", self._redis.hgetall(self._keys.versions))
        return {version: json.loads(found[version]) for version in sorted(found)}

    def runs(self) -> list[dict[str, Any]]:
        """Return what became of the last training runs, the newest first."""
        found = cast("list[str]", self._redis.lrange(self._keys.runs, 0, -1))
        return [json.loads(run) for run in found]

    def position(self, version: str) -> int | None:
        """Return the archive's position up to which changes are in the lists of a version; None: as it was made."""
        found = cast("str | None", self._redis.hget(self._keys.lists(version), POSITION))
        return None if found is None else int(found)

    def reached(self, version: str) -> int:
        """Return the archive's position up to which changes are in the lists of a version, the night's among them."""
        position = self.position(version)
        return int(self.versions().get(version, {}).get("position", 0)) if position is None else position

    def patch(self, version: str, lists: Mapping[str, Mapping[str, float]], *, before: int | None, after: int) -> bool:
        """Replace some lists of a version in one step, an empty one by none.

        Parameters
        ----------
        version : str
        lists : mapping
            Scores, nearest first, by article.
        before, after : int
            The position of the lists that these were made from, and theirs.

        Returns
        -------
        bool
            False, and nothing is changed, when the version is not kept any more or stands at another position.
        """
        arguments: list[str | bytes] = [part for one, scores in lists.items() for part in (one, pack(scores))]
        target = self._keys.lists(version)
        expected = "" if before is None else before
        return bool(
            self._redis.eval(
                script("patch_lists"), 2, self._keys.versions, target, version, POSITION, expected, after, *arguments
            )
        )

    def roll_back(self, version: str | None = None) -> str:
        """Point readers to another version, by default the one before the current; return it.

        Raises
        ------
        RecommenderError
            When there is no such version.
        """
        versions, current = list(self.versions()), self.current
        if version is None:
            older = [other for other in versions if current and other < current]
            if not older:
                raise RecommenderError("there is no older version to go back to")
            version = older[-1]
        if not self._redis.eval(script("roll_back"), 2, self._keys.current, self._keys.versions, version):
            kept = ", ".join(versions) or "none"
            raise RecommenderError(f"version {version} is not kept; kept are: {kept}")
        return version

    def publishing(
        self, *, lock_s: float, keep: int, now: datetime, facts: Facts = dict
    ) -> AbstractContextManager[Publication]:
        """Hold the lock of training runs while a version is made; see `publishing`."""
        return publishing(self._redis, self._keys, lock_s=lock_s, keep=keep, now=now, facts=facts)
