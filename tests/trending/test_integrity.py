"""What does not count, and that forged views move nothing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from flask.testing import FlaskClient
from redis import Redis

from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.keys import Keys
from recommender.service import Service
from recommender.trending.counters import Counters
from recommender.trending.tallies import Tally
from recommender.trending.visitors import Visitors, network_of
from recommender.view import View
from recommender.web import create_app
from tests.conftest import BROWSER
from tests.newsroom import article

START = 1_750_000_123.0
IDS = [f"a{number:02}" for number in range(30)]
TARGET = "a20"


def honest_site(redis: Redis, keys: Keys) -> Counters:
    """Return the counters of a site whose articles were read 310, 300, 290 ... times today."""
    Catalogue(redis, keys).put(Card.of(article(one)) for one in IDS)
    counters = Counters(redis, keys)
    counters.add([Tally(one, START - 60, 310 - 10 * place) for place, one in enumerate(IDS)], now=START)
    return counters


def forge(redis: Redis, keys: Keys, number: int) -> int:
    """Send views of unknown and hostile ids; return how many bytes they took."""
    counters = honest_site(redis, keys)
    counters.count(View(article_id=TARGET, visitor_id="one"), now=START)
    used = int(redis.info("memory")["used_memory"])
    sha = counters._count.sha  # noqa: SLF001 - ten million one by one would take an hour
    visited = keys.visit(Visitors(redis, keys).digests(TARGET, "one", START)[0])
    with redis.pipeline(transaction=False) as pipe:
        for one in range(number):
            kind, name = one % 3, f"forged-{one}"
            article_id = name if kind == 0 else TARGET if kind == 1 else f"{name}\u202e'; FLUSHALL --"
            visit = visited if kind == 1 else keys.visit(name)
            names = [keys.view_clock, keys.event(name), visit, visit, keys.trail(""), keys.networks(1, article_id)]
            pipe.evalsha(sha, 6, *names, repr(START), article_id, "", 1, 1, "", 0)
            if one % 10_000 == 9_999:
                pipe.execute()
        pipe.execute()
    return int(redis.info("memory")["used_memory"]) - used


def test_unknown_and_hostile_ids_take_no_memory(redis: Redis, keys: Keys) -> None:
    """Nothing is kept of a view that does not count: not its article, not its event, not its visitor."""
    assert forge(redis, keys, 60_000) < 100_000


@pytest.mark.benchmark
def test_ten_million_unknown_ids_take_less_than_a_megabyte(redis: Redis, keys: Keys) -> None:
    """The same at full size."""
    assert forge(redis, keys, 10_000_000) < 1_000_000


@pytest.mark.parametrize(("share", "others", "most"), [(0.05, 0, 3), (0.05, 400, 21), (0.2, 400, 100), (1.0, 0, 500)])
def test_a_network_adds_no_more_than_its_share(redis: Redis, keys: Keys, share: float, others: int, most: int) -> None:
    """A few views count from anywhere; beyond, a network adds its share of what the article has; 1 is no limit."""
    Catalogue(redis, keys).put([Card.of(article("a"))])
    counters = Counters(redis, keys, network_share=share)
    counters.add([Tally("a", START, others)] if others else [], now=START)
    outcomes = [
        counters.count(View(article_id="a", visitor_id=str(number)), now=START, network="203.0.113.0/24")
        for number in range(500)
    ]
    assert outcomes.count("counted") == most
    assert outcomes.count("network") == 500 - most
    assert (
        counters.count(View(article_id="a", visitor_id="0"), now=START + 9999, network="198.51.100.0/24") == "counted"
    )


@pytest.mark.parametrize(("networks", "others", "most"), [(4, 400, 100), (4, 0, 12), (10, 100, 100), (1, 400, 21)])
def test_few_networks_add_together_no_more_than_is_said(
    redis: Redis, keys: Keys, networks: int, others: int, most: int
) -> None:
    """At a share of 5 % each, four add a quarter of what others read, ten as much again; or three views each."""
    Catalogue(redis, keys).put([Card.of(article("a"))])
    counters = Counters(redis, keys, trails=False)
    counters.add([Tally("a", START, others)] if others else [], now=START)
    outcomes = [
        counters.count(View(article_id="a"), now=START, network=f"203.0.{number % networks}.0/24")
        for number in range(2000)
    ]
    assert 0.9 * most <= outcomes.count("counted") <= most


def test_thousands_of_networks_are_remembered_in_little(redis: Redis, keys: Keys) -> None:
    """An article read from everywhere keeps its busiest networks only, as hashes that expire."""
    Catalogue(redis, keys).put([Card.of(article("a"))])
    counters = Counters(redis, keys, trails=False)
    for number in range(1500):
        view, network = View(article_id="a"), f"10.{number // 250}.{number % 250}.0/24"
        assert counters.count(view, now=START, network=network) == "counted"
        if number % 10 == 0:
            assert counters.count(view, now=START, network="192.0.2.0/24") in {"counted", "network"}
    (key,) = redis.scan_iter("*networks*")
    assert redis.hlen(key) <= 512
    assert 0 < redis.ttl(key) <= 26 * 3600
    assert max(map(int, redis.hvals(key))) <= 0.05 * 1650 + 1
    everything = "".join(f"{key}{redis.dump(key)!r}" for key in redis.scan_iter())
    assert "192.0.2" not in everything


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert network_of(ip_address(address)) == network


def post_from(client: FlaskClient, forwarded: str, visitor: int, peer: str = "127.0.0.1") -> None:
    body = json.dumps({"article_id": "a", "visitor_id": f"v{visitor}"})
    response = client.post(
        "/v1/views", data=body, headers=BROWSER | {"X-Forwarded-For": forwarded}, environ_base={"REMOTE_ADDR": peer}
    )
    assert response.status_code == 202


@pytest.mark.parametrize(
    ("proxies", "sent", "counted"),
    [
        (0, ("81.{0}.7.1", "9.9.9.9"), 3),  # no proxy is trusted: the header is the client's own word
        (0, ("81.{0}.7.1", "172.18.0.1"), 40),  # a proxy nobody told us of: it tells nobody apart
        (1, ("81.{0}.7.1", "127.0.0.1"), 40),  # the proxy names a network for each
        (1, ("81.{0}.7.1, 9.9.9.9", "127.0.0.1"), 3),  # what the client wrote before the proxy did is not believed
        (1, ("10.1.2.{0}", "127.0.0.1"), 3),  # the proxy vouches for a private network
        (2, ("81.{0}.7.1, 9.9.9.9, 10.0.0.1", "127.0.0.1"), 3),
        (2, ("81.{0}.7.1, 10.0.0.1", "127.0.0.1"), 40),
        (1, ("unknown", "127.0.0.1"), 40),
    ],
)
def test_only_the_configured_number_of_proxies_is_believed(
    service: Service,
    publish: Callable[..., None],
    proxies: int,
    sent: tuple[str, str],
    counted: int,
) -> None:
    """Forged X-Forwarded-For neither opens networks to a forger nor closes them to readers."""
    publish(article("a"))
    settings = service.settings.model_copy(update={"trusted_proxies": proxies})
    client = create_app(dataclasses.replace(service, settings=settings)).test_client()
    forwarded, peer = sent
    for number in range(40):
        post_from(client, forwarded.format(number), number, peer)
    assert service.counters.outcomes().get("counted") == counted


def test_reasons_are_counted_by_day(client: FlaskClient, service: Service, publish: Callable[..., None]) -> None:
    """Editors see for each day how many views had which outcome, malformed ones among them."""
    publish(article("a"))
    client.post("/v1/views", data=b"{")
    post_from(client, "", 1)
    post_from(client, "", 1)
    counters = service.counters
    counters.count(View(article_id="a"), now=START, reason="bot")
    counters.count(View(article_id="a"), now=START - 86_400)
    assert counters.outcomes_by_day(now=START, days=3) == [{}, {"counted": 1}, {"bot": 1}]
    assert counters.outcomes() == {"malformed": 1, "counted": 2, "repeat": 1, "bot": 1}
