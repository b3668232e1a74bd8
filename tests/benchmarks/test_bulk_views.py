"""How fast files of views are counted, the whole command on one core, beside the Redis server on the other."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from recommender.card import Card
from recommender.catalogue import Catalogue
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from tests.newsroom import article
from tests.running import own_environment
from tests.shared import shared_file

LINES, VIEWS = 1_200_000, 1_000_000
DAY_S = 86_400
POST = re.compile(r'(?P<ip>\d+\.\d+\.\d+)\.(?P<host>\d+) (.*\[)(?P<date>.*?):(.*"GET )/blog/(?P<page>[^? ]+?\.html.*)')
PATTERN = r"^/blog/(?P<id>[^?]+\.html)"


def portal_rows() -> list[list[str]]:
    with gzip.open(shared_file("views/portal-2016.csv.gz"), "rt") as file:
        return list(islice(csv.reader(file), 1, None))


def half_years() -> Iterator[str]:
    """A portal's half year up to now, again and again, with other articles and visitors each time."""
    rows = portal_rows()
    shift = int(time.time()) - 60 - max(int(row[0]) for row in rows)
    yield "timestamp,article_id,visitor_id,user_agent\n"
    for copy in range(LINES // len(rows) + 1):
        for moment, one, visitor, agent in rows:
            quoted = f'"{agent}"' if "," in agent else agent
            yield f"{int(moment) + shift},{one}/{copy % 6},{visitor}/{copy},{quoted}\n"


def one_day() -> Iterator[str]:
    """The same half years, all on one day: thousands of articles are read in every minute."""
    rows, start = portal_rows(), int(time.time()) - DAY_S
    copies = range(LINES // len(rows) + 1)
    for second, row, copy in sorted(
        ((int(moment) + 1009 * copy) % DAY_S, row, copy) for copy in copies for row, (moment, *_) in enumerate(rows)
    ):
        _, one, visitor, agent = rows[row]
        view = {"timestamp": start + second, "article_id": f"{one}/{copy % 6}", "visitor_id": f"{visitor}/{copy}"}
        yield json.dumps(view | {"event_id": f"{row}/{copy}", "user_agent": agent}) + "\n"


def access_log() -> Iterator[str]:
    """A blog's requests of articles up to today, again and again, with other readers each time."""
    with gzip.open(shared_file("logs/access-combined.log.gz"), "rt", errors="replace") as file:
        matches = [match for match in map(POST.fullmatch, (line.rstrip("\n") for line in file)) if match]
    for copy in range(LINES // len(matches) + 1):
        date = time.strftime("%d/%b/%Y", time.gmtime(time.time() - (1 + copy % 30) * DAY_S))
        for ip, host, middle, _, rest, page in (match.groups() for match in matches):
            yield f"{ip}.{(int(host) + copy) % 256} {middle}{date}:{rest}/blog/{copy % 20}/{page}\n"


def articles_of(lines: Iterable[str]) -> set[str]:
    found = re.compile(r'^\d+,([^,]+),|"article_id": "([^"]+)"|"GET /blog/([^?" ]+?\.html)')
    return {next(filter(None, match.groups())) for match in map(found.search, lines) if match}


def read_lines(file: Path) -> float:
    """Return the seconds that reading the lines alone takes."""
    started = time.perf_counter()
    with file.open("rb") as lines:
        assert sum(1 for line in lines if line.strip()) >= VIEWS
    return time.perf_counter() - started


@pytest.mark.benchmark
@pytest.mark.parametrize("make", [half_years, one_day, access_log])
def test_views_of_files(
    redis: Redis,
    redis_server: EmbeddedRedis,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[], Iterator[str]],
) -> None:
    """`recommender views` tells a million views in the seconds printed, and every line of the file is accounted for."""
    file = tmp_path / make.__name__
    file.write_text("".join(make()))
    with file.open() as lines:
        Catalogue(redis, Keys("benchmark")).put(Card.of(article(one)) for one in articles_of(lines))
    empty = tmp_path / "empty"
    empty.touch()
    environment = {"RECOMMENDER_REDIS_URL": redis_server.url, "RECOMMENDER_NAMESPACE": "benchmark"}

    def run(file: Path) -> tuple[float, float, dict[str, Any]]:
        """Return the seconds and the processor seconds that the command took, and its report."""
        started, before = time.perf_counter(), os.times()
        command = [sys.executable, "-m", "recommender.cli", "views", str(file), "--json", "--data-dir", str(tmp_path)]
        output = subprocess.check_output([*command, "--pattern", PATTERN], env=own_environment() | environment)
        after = os.times()
        processor = after.children_user + after.children_system - before.children_user - before.children_system
        return time.perf_counter() - started, processor, json.loads(output)

    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(redis.info("server")["process_id"], cores[-1:])
    os.sched_setaffinity(0, cores[:1])
    try:
        alone, (start, start_processor, _) = read_lines(file), run(empty)
        redis_before = redis.info("cpu")
        seconds, processor, report = run(file)
        redis_after = redis.info("cpu")
    finally:
        os.sched_setaffinity(0, cores)
    of_redis = sum(redis_after[kind] - redis_before[kind] for kind in ("used_cpu_user", "used_cpu_sys"))
    views, told = report["views"], {name: report[name] for name in ("lines", "counted", "filtered")}
    with capsys.disabled():
        sys.stdout.write(
            f"\n{make.__name__}: {views:,} views in {seconds:.1f} s, {start:.1f} s of them to start: "
            f"{views / (seconds - start):,.0f} a second, {(seconds - start) / alone:.0f} times as long as reading the "
            f"lines; processor {processor:.1f} s, {start_processor:.1f} s of them to start, Redis {of_redis:.1f} s: "
            f"{views / (processor - start_processor + of_redis):,.0f} a second; {told}\n"
        )
    assert report["views"] == report["counted"] + sum(report["filtered"].values()) >= VIEWS
    assert report["malformed"] == 0
