"""Views in bulk: counted once, filtered as beacons are, in every format, however often a file is read."""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from redis import Redis

from jobs.import_views import Filter, ViewReport, import_views
from jobs.sightings import FindArticle, Sighting, by_address, by_pattern
from jobs.sources.document import open_file
from recommender.card import Card
from recommender.cli import main
from recommender.errors import SourceError
from recommender.redis.keys import Keys
from recommender.service import Service
from recommender.trending.counters import Counters
from recommender.trending.windows import WINDOWS
from recommender.view import View
from tests.newsroom import article
from tests.shared import shared_file

Publish = Callable[..., None]
NOW = time.time()
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOBODY = by_address([])


def rules() -> Filter:
    return Filter(visitor_pause_s=1800, network_share=1, network_allowance=3)


def count(
    path: Path, service: Service, find: FindArticle = NOBODY, *, batch: int = 7, stop_at: int | None = None
) -> ViewReport:
    def tick(done: int, _: int | None = None, /) -> None:
        if stop_at is not None and done > stop_at:
            raise KeyboardInterrupt

    with open_file(path, tick) as document:
        return import_views(document, service.counters, find, rules(), now=NOW, batch=batch)


def boards(service: Service) -> dict[tuple[str, str], dict[str, float]]:
    return {
        (kind, name): service.counters.top(kind, window, "", now=NOW, count=1000)
        for kind in ("viewed", "decayed")
        for name, window in WINDOWS.items()
    }


def many_lines(number: int) -> list[str]:
    dice = random.Random(7)
    moments = sorted(NOW - dice.random() * 6 * 3600 for _ in range(number))
    return [
        json.dumps({"article_id": f"a{dice.randrange(9)}", "visitor_id": f"v{dice.randrange(20)}", "timestamp": moment})
        for moment in moments
    ]


def test_a_file_counts_as_its_views_would_have_one_by_one(
    service: Service, publish: Publish, tmp_path: Path, redis: Redis
) -> None:
    """Every board holds what counting each view at its own time would have made of it, unknown articles left out."""
    publish(*(article(f"a{number}") for number in range(8)))
    lines = many_lines(400)
    (tmp_path / "views.jsonl").write_text("\n".join(lines) + "\n")
    report = count(tmp_path / "views.jsonl", service)
    told, outcomes = boards(service), service.counters.outcomes()
    other = Keys("one-by-one")
    redis.copy(Keys("tests").cards, other.cards)
    one_by_one = Counters(redis, other, network_share=1)
    for line in lines:
        view = json.loads(line)
        one_by_one.count(View(article_id=view["article_id"], visitor_id=view["visitor_id"]), now=view["timestamp"])
    for (kind, name), views in told.items():
        expected = one_by_one.top(kind, WINDOWS[name], "", now=NOW, count=1000)  # type: ignore[arg-type]
        assert views == pytest.approx(expected, rel=1e-9)
    assert report.lines == 400
    assert report.counted == outcomes["counted"] == one_by_one.outcomes()["counted"]
    assert report.filtered["repeat"] == outcomes["repeat"] >= one_by_one.outcomes()["repeat"] > 10
    assert report.counted + sum(report.filtered.values()) == 400


def test_read_again_grown_and_renamed_a_file_counts_once(
    service: Service, publish: Publish, tmp_path: Path, redis: Redis
) -> None:
    """The same lines under any name, packed or not, add nothing; lines that came since are added, and once."""
    publish(*(article(f"a{number}") for number in range(9)))
    lines = many_lines(100)
    log = tmp_path / "views.jsonl"
    log.write_text("\n".join(lines[:40]) + "\n" + lines[40][:20])  # the last one is being written
    first = count(log, service)
    assert (first.lines, first.malformed) == (40, 0)
    log.write_text("\n".join(lines[:63]) + "\n")
    second = count(log, service)
    assert second.before == first.counted
    rotated = tmp_path / "views.jsonl.1.gz"
    rotated.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    third = count(rotated, service)
    again = count(rotated, service, batch=1000)
    assert (again.counted, again.before) == (0, first.counted + second.counted + third.counted)
    in_parts = boards(service)
    redis.delete(*redis.keys("*views:source*"), *redis.keys("*board*"), *redis.keys("*bucket*"))
    whole = count(rotated, service, batch=1000)
    assert whole.counted == again.before
    for board, views in boards(service).items():
        assert in_parts[board] == pytest.approx(views, rel=1e-9)


def test_a_reading_that_was_killed_goes_on_where_it_was(service: Service, publish: Publish, tmp_path: Path) -> None:
    """Stopped anywhere, the next reading adds the rest and nothing twice."""
    publish(*(article(f"a{number}") for number in range(9)))
    log = tmp_path / "views.jsonl"
    log.write_text("\n".join(many_lines(12_000)) + "\n")
    for stop_at in (1, 400_000, 700_000):
        with pytest.raises(KeyboardInterrupt):
            count(log, service, batch=500, stop_at=stop_at)
    last = count(log, service, batch=500)
    assert last.before > 0
    assert last.counted > 0
    assert (
        service.counters.outcomes()["counted"]
        == last.before + last.counted
        == sum(service.counters.top("viewed", WINDOWS["7d"], "", now=NOW, count=100).values())
    )


def test_bad_lines_are_reported_and_the_rest_counts(service: Service, publish: Publish, tmp_path: Path) -> None:
    """Each by its number and what is wrong with it."""
    publish(article("a"))
    lines = [
        {"article_id": "a", "timestamp": NOW - 5},
        {"article_id": "a"},
        {"article_id": "a", "timestamp": "yesterday"},
        {"article_id": " a", "timestamp": NOW},
        {"article_id": "a", "timestamp": "2016-06-08T19:10:32Z", "source": "trending"},
        {"article_id": "a", "timestamp": NOW, "user_agent": "Googlebot/2.1"},
        {"article_id": "nobody's", "timestamp": NOW},
    ]
    file = tmp_path / "views.jsonl"
    file.write_text("\n".join([*map(json.dumps, lines), "{broken", '["a"]', "", ""]))
    report = count(file, service)
    assert [bad.line for bad in report.bad_lines] == [2, 3, 4, 8, 9]
    assert "timestamp" in report.bad_lines[0].reason
    assert (report.counted, report.malformed) == (2, 5)
    assert report.filtered == {"malformed": 5, "bot": 1, "unknown": 1}
    assert service.counters.outcomes() == {"counted": 2, "malformed": 5, "bot": 1, "unknown": 1}


@pytest.mark.parametrize("batch", [1, 100])
def test_an_event_counts_once_in_a_file(service: Service, publish: Publish, tmp_path: Path, batch: int) -> None:
    """Whoever tells it, in whatever batch, in JSON Lines and in CSV; views without an event id all count."""
    publish(article("a"))
    events = ["e1", "e1", "e2", None, None, "e1"]
    views = [{"article_id": "a", "timestamp": NOW - number, "event_id": one} for number, one in enumerate(events)]
    (tmp_path / "views.jsonl").write_text("\n".join(map(json.dumps, views)) + "\n")
    rows = (f"{view['timestamp']},a,{view['event_id'] or ''}\n" for view in views)
    (tmp_path / "views.csv").write_text("timestamp,article_id,event_id\n" + "".join(rows))
    for name in ("views.jsonl", "views.csv"):
        report = count(tmp_path / name, service, batch=batch)
        assert (report.counted, report.filtered) == (4, {"replayed": 2})


def test_csv_is_read_by_its_columns(service: Service, publish: Publish, tmp_path: Path) -> None:
    """In any order, with counts, quoted user agents and both kinds of times; other columns are left alone."""
    publish(article("a"), article("b"))
    file = tmp_path / "views.csv"
    file.write_text(
        "article_id,other,timestamp,count,user_agent\n"
        f"a,x,{NOW - 60},81,\n"
        f'b,x,{NOW - 50},2,"Mozilla/5.0 (KHTML, like Gecko)"\n'
        f"b,x,2016-06-08 19:10:32,,\nb,x,{NOW},0,\nb,{NOW}\n"
    )
    report = count(file, service)
    assert service.counters.top("viewed", WINDOWS["1h"], "", now=NOW, count=9) == {"a": 81, "b": 2}
    assert [bad.line for bad in report.bad_lines] == [5, 6]


def log_line(path: str, *, ip: str = "8.8.8.8", status: int = 200, method: str = "GET", agent: str = BROWSER) -> str:
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(NOW - 60))
    return f'{ip} - - [{stamp}] "{method} {path} HTTP/1.1" {status} 171717 "-" "{agent}"\n'


def test_a_web_servers_log_finds_articles_by_their_addresses(
    service: Service, publish: Publish, tmp_path: Path
) -> None:
    """Whatever follows the address; a pattern finds ids instead; other pages, errors and probes are told apart."""
    publish(
        article("a", url="https://news.example/world/über-uns.html"),
        article("b", url="https://news.example/show?id=5"),
    )
    file = tmp_path / "access.log"
    file.write_text(
        log_line("/world/%C3%BCber-uns.html?utm_source=x")
        + log_line("/show?id=5", ip="1.1.1.1")
        + log_line("/show?id=6", ip="1.1.1.1")
        + log_line("/world/%C3%BCber-uns.html", status=404)
        + log_line("/world/%C3%BCber-uns.html", method="HEAD")
        + log_line("/world/%C3%BCber-uns.html", agent="Googlebot/2.1 (+http://www.google.com/bot.html)")
        + log_line("/world/%C3%BCber-uns.html")
        + "nonsense\n"
    )
    report = count(file, service, by_address(map(Card.of, service.archive.articles())))
    assert service.counters.top("viewed", WINDOWS["1h"], "", now=NOW, count=9) == {"a": 1, "b": 1}
    assert report.passed == {"no article": 1, "no success": 1, "no GET": 1}
    assert report.filtered == {"bot": 1, "repeat": 1, "malformed": 1}
    by_number = by_pattern(re.compile(r"[?&]id=(?P<id>\d+)"))
    assert (by_number("/show?id=5&x=1"), by_number("/show")) == ("5", None)


def test_a_network_adds_no_more_than_its_share() -> None:
    """Of an article's views of a day, the allowance counts from any network, and then its share of all."""
    strict = Filter(visitor_pause_s=1800, network_share=0.5, network_allowance=3)
    crowd = [strict.reason(Sighting("a", NOW, f"v{number}", "8.8.8.0/24")) for number in range(6)]
    assert crowd == ["", "", "", "network", "network", "network"] or crowd.count("") == 3
    for number in range(10):
        assert strict.reason(Sighting("a", NOW, f"w{number}", f"9.9.{number}.0/24")) == ""
    assert strict.reason(Sighting("a", NOW, "again", "8.8.8.0/24")) == ""


def test_what_is_no_file_of_views_is_refused(service: Service, tmp_path: Path) -> None:
    """One clear reason, and nothing is counted."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir,\n")
    with pytest.raises(SourceError, match=r"letter\.txt is no file of views"):
        count(file, service)


def test_the_command_counts_and_reports(tmp_path: Path) -> None:
    """As a table for people and as one JSON document; the second run counts nothing."""
    articles, views = tmp_path / "articles.jsonl", tmp_path / "views.csv"
    articles.write_text(json.dumps({"id": "a", "title": "T", "url": "https://news.example/a"}))
    views.write_text(f"timestamp,article_id\n{NOW - 60},a\n{NOW},b\nnever,a\n")
    run, data = CliRunner().invoke, ["--data-dir", str(tmp_path / "data")]
    assert run(main, ["import", str(articles), *data]).exit_code == 0
    first = run(main, ["views", str(views), "--json", *data])
    assert first.exit_code == 0
    assert json.loads(first.stdout)["counted"] == 1
    second = run(main, ["views", str(views), *data])
    assert "0 views counted, 2 told before" in second.stdout
    assert "line 4: " in second.stderr
    assert run(main, ["views", str(views), "--pattern", "no group", *data]).exit_code == 1


@pytest.mark.parametrize(
    ("pattern", "views", "people"),
    [
        (r"/blog\S*\.html", 827, 448),  # a search that is not anchored, which the broad figures go back to
        (r"^/blog/[^?]+\.html", 819, 441),
        (r"^/files/blogposts/\S+\.html", 8, 7),  # what posts show in a frame: no articles
    ],
)
def test_a_real_log_tells_people_from_bots(service: Service, pattern: str, views: int, people: int) -> None:
    """Of the blog's pages in ten thousand requests, a bit over half are read by people; one line is broken."""
    path = shared_file("logs/access-combined.log.gz")
    report = count(path, service, by_pattern(re.compile(f"(?P<id>{pattern})")), batch=1000)
    assert (report.lines, report.malformed, [bad.line for bad in report.bad_lines]) == (10_000, 1, [8899])
    assert (report.views, report.views - report.filtered["bot"]) == (views, people)
    assert report.views == sum(report.filtered.values()) - report.malformed
