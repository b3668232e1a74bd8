"""The catalogue: the card of every article readers may see, in Redis."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from redis import Redis

from recommender.batched import batched
from recommender.card import Card
from recommender.redis.keys import Keys
from recommender.redis.scripts import script
from recommender.trending.windows import BOARDS

__all__ = ["Catalogue"]

_BATCH = 500


class Catalogue:
    """Cards by id, and which are the latest, in all and by section.

    An article without a card is unknown or withdrawn; no answer shows it.

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
        self._boards = json.dumps([keys.board(*board) for board in BOARDS])

    def put(self, cards: Iterable[Card]) -> None:
        """Store cards, replacing those of the same id."""
        now = time.time()
        for some in batched(cards, _BATCH):
            arguments = [self._keys.latest(), self._keys.tagged(""), self._boards]
            for card in some:
                # A date in the future is a mistake, or an embargo that ended when we were told.
                second = min(card.published, now)
                arguments += [card.id, card.model_dump_json(exclude_defaults=True), repr(second)]
            self._redis.eval(script("rehome", "put_cards"), 2, self._keys.cards, self._keys.sections, *arguments)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove cards, and with them the articles from every list; return how many there were."""
        removed = 0
        for some in batched(ids, _BATCH):
            text = script("rehome", "remove_cards")
            lists = (self._keys.latest(), self._keys.tagged(""), self._boards)
            removed += cast("int", self._redis.eval(text, 1, self._keys.cards, *lists, *some))
        return removed

    def cards(self, ids: Sequence[str]) -> Mapping[str, Card]:
        """Return the cards of those ids that have one; one round trip."""
        if not ids:
            return {}
        found = cast("list[str | None]", self._redis.hmget(self._keys.cards, list(ids)))
        return {identifier: Card.model_validate_json(json) for identifier, json in zip(ids, found, strict=True) if json}

    def differing(self, texts: Sequence[tuple[str, str]]) -> list[Card]:
        """Return those cards, given by id and JSON text, that are not here word for word; one round trip."""
        found = self._redis.hmget(self._keys.cards, [identifier for identifier, _ in texts])
        pairs = zip(texts, cast("list[str | None]", found), strict=True)
        return [Card.model_validate_json(text) for (_, text), shown in pairs if text != shown]

    def latest(self, section: str, start: int, count: int) -> list[str]:
        """Return ``count`` ids from the ``start``-th newest on, of a section key or (empty) of all."""
        found = self._redis.zrange(self._keys.latest(section), start, start + count - 1, desc=True)
        return cast("list[str]", found)

    def tagged(self, tag: str, start: int, count: int) -> list[str]:
        """Return ``count`` ids from the ``start``-th newest on of those that carry a tag, given as its key."""
        found = self._redis.zrange(self._keys.tagged(tag), start, start + count - 1, desc=True)
        return cast("list[str]", found)

    def published(self, ids: Sequence[str]) -> Mapping[str, float]:
        """Return the Unix second of publication of those ids that have a card; 0 where no date is known."""
        if not ids:
            return {}
        found = self._redis.zmscore(self._keys.latest(), list(ids))
        return {article_id: second for article_id, second in zip(ids, found, strict=True) if second is not None}

    def sections(self) -> Mapping[str, str]:
        """Return the sections: key -> name as the newsroom writes it, the largest first."""
        names = cast("dict[str, str]", self._redis.hgetall(self._keys.sections))
        with self._redis.pipeline(transaction=False) as pipe:
            for key in names:
                pipe.zcard(self._keys.latest(key))
            sizes = dict(zip(names, pipe.execute(), strict=True))
        largest_first = sorted(names, key=lambda key: (-sizes[key], key))
        return {key: names[key] for key in largest_first if sizes[key]}

    def __len__(self) -> int:
        """Return the number of cards."""
        return self._redis.hlen(self._keys.cards)
