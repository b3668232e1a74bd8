"""Forged beacons over HTTP move no place of the trending lists, and ordinary visitors do."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from recommender.intake import take_in
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import Service, open_service
from recommender.settings import Settings
from recommender.trending.bots import is_bot
from recommender.trending.tallies import Tally
from recommender.trending.windows import BOARDS, WINDOWS
from recommender.web import create_app
from tests.conftest import BROWSER
from tests.newsroom import article
from tests.running import running

IDS = [f"a{number:02}" for number in range(30)]
TARGET = "a20"
HONEST_VIEWS = sum(310 - 10 * place for place in range(len(IDS)))
AGENTS = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"] if agent.isascii()]
SENDERS = 8


class Beacon(NamedTuple):
    """A request that reports a view of the target, as it comes through the site's one proxy."""

    body: str
    headers: dict[str, str]


Send = Callable[[Iterable[Beacon]], Counter[int]]
"""Sends beacons; counts the answers by status."""


def beacon(address: str, agent: str = BROWSER["User-Agent"], **fields: str) -> Beacon:
    headers = {"Content-Type": "text/plain", "User-Agent": agent, "X-Forwarded-For": address}
    return Beacon(json.dumps({"article_id": TARGET, **fields}), headers)


def forged() -> Iterator[Beacon]:
    """Yield, in turn, replays of one event, one visitor with ever new events, ever new visitors, and known bots.

    All come from 1,000 addresses in 4 networks.
    """
    number = 0
    while True:
        for kind in range(4):
            for network in range(4):
                address = f"203.0.{network}.{number // 16 % 250}"
                match kind:
                    case 0:
                        yield beacon(address, event_id="replayed", visitor_id=f"r{number}")
                    case 1:
                        yield beacon(address, event_id=f"e{number}", visitor_id="one")
                    case 2:
                        yield beacon(address, event_id=f"f{number}", visitor_id=f"v{number}")
                    case _:
                        yield beacon(address, AGENTS[number % len(AGENTS)], visitor_id=f"b{number}")
                number += 1


def visitors(count: int) -> Iterator[Beacon]:
    """Yield the beacons of people, each of a network of its own."""
    return (beacon(f"81.{one // 250}.{one % 250}.7", visitor_id=f"reader{one}") for one in range(count))


def leaders(service: Service) -> list[list[str]]:
    """Return the ten that lead each board, and the ten that readers are shown."""
    now = time.time()
    shown = service.boxes.trending(limit=10).items
    boards = [list(service.counters.top(kind, WINDOWS[window], "", now=now, count=10)) for kind, window in BOARDS]
    return [*boards, [item.id for item in shown]]


def assert_unmoved(service: Service, send: Send, beacons: int) -> None:
    """Assert that forged beacons change no place of any ten and take next to no memory, and that people lead all."""
    take_in([article(one) for one in IDS], service.archive, service.intake)
    now = time.time()
    service.counters.add([Tally(one, now - 60, 310 - 10 * place) for place, one in enumerate(IDS)], now=now)
    send(islice(forged(), 64))
    before, used = leaders(service), int(service.redis.info("memory")["used_memory"])
    assert before == [IDS[:10]] * (len(BOARDS) + 1)
    statuses = send(islice(forged(), beacons))
    assert set(statuses) <= {202, 503}
    assert leaders(service) == before
    outcomes = service.counters.outcomes()
    assert outcomes["counted"] - HONEST_VIEWS <= 4 * 0.05 / (1 - 4 * 0.05) * 110 + 4
    assert all(outcomes[reason] > beacons // 20 for reason in ("replayed", "repeat", "network", "bot"))
    told = sum(outcomes.values()) - HONEST_VIEWS - 64
    assert statuses[202] <= told <= statuses.total()  # a view that is refused may have been counted: Redis was late
    assert int(service.redis.info("memory")["used_memory"]) - used < 1_000_000
    send(visitors(1000))
    assert all(ten[0] == TARGET for ten in leaders(service))


def test_the_bots_of_the_attack_are_known() -> None:
    """By the public list that they are of."""
    assert sum(map(is_bot, AGENTS)) > 0.99 * len(AGENTS) > 500


def test_forged_beacons_move_no_place_and_ordinary_visitors_do(service: Service) -> None:
    """Through the application behind a proxy: replays, one visitor, 1,000 addresses in 4 networks, all known bots."""
    settings = service.settings.model_copy(update={"trusted_proxies": 1})
    client = create_app(dataclasses.replace(service, settings=settings)).test_client()

    def send(beacons: Iterable[Beacon]) -> Counter[int]:
        return Counter(client.post("/v1/views", data=one.body, headers=one.headers).status_code for one in beacons)

    assert_unmoved(service, send, 6_000)


@pytest.mark.benchmark
def test_a_million_forged_beacons_move_no_place(tmp_path: Path) -> None:
    """The same at full size, over the network, against the worker processes of a running service."""
    with (
        running("serve", tmp_path, trusted_proxies="1") as server,
        open_service(
            Settings(data_dir=tmp_path, trending_chart_ms=0), EmbeddedRedis(tmp_path).url, timeout_s=5
        ) as service,
        ThreadPoolExecutor(SENDERS) as pool,
    ):
        host = urlsplit(server.address).netloc

        def send_some(beacons: Iterable[Beacon]) -> Counter[int]:
            connection, statuses = HTTPConnection(host), Counter[int]()
            for one in beacons:
                connection.request("POST", "/v1/views", one.body, one.headers)
                with connection.getresponse() as response:
                    response.read()
                    statuses[response.status] += 1
            connection.close()
            return statuses

        def send(beacons: Iterable[Beacon]) -> Counter[int]:
            told = list(beacons)
            return sum(pool.map(send_some, (told[one::SENDERS] for one in range(SENDERS))), Counter[int]())

        assert_unmoved(service, send, 1_000_000)
