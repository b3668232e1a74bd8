"""Between two nights: what comes, changes or goes is in the lists at once."""

from __future__ import annotations

import fcntl
import gzip
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from jobs.progress import progress_bars
from jobs.refresh import Refresh, refresh, watch
from jobs.train import train
from recommender.article import Article, parse_article
from recommender.intake import withdraw
from recommender.related.explain import explain
from recommender.related.shelf import Shelf
from recommender.service import Service
from recommender.text.lexicon import Lexicon
from tests.conftest import Publish
from tests.newsroom import article
from tests.shared import shared_file

TOPICS = {
    "flood": "river dyke flood water sandbag village rain gauge rescue boat meadow bridge",
    "vote": "election ballot coalition party seat parliament leader campaign poll vote cabinet mandate",
}


def with_settings(service: Service, **changed: object) -> Service:
    settings = service.settings.model_copy(update=changed)
    return Service(**{name: getattr(service, name) for name in Service.__slots__} | {"settings": settings})


def about(topic: str, seed: int) -> str:
    return " ".join(np.random.default_rng(seed).permutation(TOPICS[topic].split())[:9])


@pytest.fixture
def newsroom(service: Service, publish: Publish) -> Service:
    """Eight articles on each of two topics, and a version."""
    publish(*(article(f"{topic}-{n}", body=about(topic, n)) for topic in TOPICS for n in range(8)))
    train(service, progress_bars())
    return service


def listed(service: Service, article_id: str) -> list[str]:
    return list(service.lists.read(article_id)[1])


def test_a_pushed_article_gets_its_list_and_enters_those_of_its_neighbours(newsroom: Service, publish: Publish) -> None:
    """A new flood lists floods and is listed by floods, in the version that readers see already."""
    version = newsroom.lists.current
    publish(article("new", body=about("flood", 50)))
    assert listed(newsroom, "new") == []
    assert refresh(newsroom) == 1
    assert newsroom.lists.current == version
    assert {one.split("-")[0] for one in listed(newsroom, "new")} == {"flood"}
    assert sum("new" in listed(newsroom, f"flood-{n}") for n in range(8)) >= 6
    assert all("new" not in listed(newsroom, f"vote-{n}") for n in range(8))
    assert refresh(newsroom) == 0


def test_an_update_moves_an_article_to_where_it_belongs_now(newsroom: Service, publish: Publish) -> None:
    """A flood that is about the vote now leaves the floods' lists and enters the others'."""
    publish(article("flood-0", body=about("vote", 51)))
    refresh(newsroom)
    assert all("flood-0" not in listed(newsroom, f"flood-{n}") for n in range(8))
    assert {one.split("-")[0] for one in listed(newsroom, "flood-0")} == {"vote"}
    assert sum("flood-0" in listed(newsroom, f"vote-{n}") for n in range(8)) >= 6


def test_the_places_of_a_withdrawn_article_are_taken_by_the_next(service: Service, publish: Publish) -> None:
    """A full list is full again after one of it was withdrawn, and the withdrawn article's own list is gone."""
    few = with_settings(service, related_keep=4, related_story_most=200)
    publish(*(article(f"flood-{n}", body=about("flood", n)) for n in range(9)))
    train(few, progress_bars())
    holders = [f"flood-{n}" for n in range(9) if "flood-3" in listed(service, f"flood-{n}")]
    assert holders
    withdraw("flood-3", service.archive, service.intake)
    refresh(few)
    for holder in holders:
        assert len(listed(service, holder)) == 4
        assert "flood-3" not in listed(service, holder)
    assert listed(service, "flood-3") == []


def test_another_copy_stands_in_when_the_one_that_stood_is_withdrawn(newsroom: Service, publish: Publish) -> None:
    """Of a new article and its newer copy the copy is listed; when it goes, the article is."""
    body = about("flood", 60)
    publish(article("first", body=body, published_at="2026-01-01"))
    refresh(newsroom)
    publish(article("again", body=body, published_at="2026-01-02"))
    refresh(newsroom)
    shown = set().union(*(listed(newsroom, f"flood-{n}") for n in range(8)))
    assert shown & {"first", "again"} == {"again"}
    assert not {"first", "again"} & {*listed(newsroom, "first"), *listed(newsroom, "again")}
    withdraw("again", newsroom.archive, newsroom.intake)
    refresh(newsroom)
    shown = set().union(*(listed(newsroom, f"flood-{n}") for n in range(8)))
    assert shown & {"first", "again"} == {"first"}


def test_why_a_new_article_is_listed_is_told(newsroom: Service, publish: Publish) -> None:
    """Explanations know what came after the model, with the scores that readers get."""
    publish(article("new", body=about("flood", 50)))
    refresh(newsroom)
    version, near = newsroom.lists.read("new")
    growth = Shelf(newsroom.settings.data_dir / "models").growth(str(version))
    assert list(near.values()) == [round(score, 4) for score in near.values()]
    for rank, (other, score) in enumerate(near.items(), 1):
        for one, two in (("new", other), (other, "new")):
            answer = explain(growth, str(version), newsroom.archive, one, two)
            assert sum(term.weight for term in answer.terms) == pytest.approx(answer.cosine, abs=1e-6)
            assert answer.listed == (two in listed(newsroom, one))
        answer = explain(growth, str(version), newsroom.archive, "new", other)
        assert answer.rank == rank
        assert answer.score == pytest.approx(score, abs=1e-4)
    assert "below the floor" in explain(growth, str(version), newsroom.archive, "new", "vote-1").reason
    withdraw("new", newsroom.archive, newsroom.intake)
    assert "withdrawn" in explain(growth, str(version), newsroom.archive, "flood-1", "new").reason


def test_a_refresh_goes_on_where_another_process_ended(newsroom: Service, publish: Publish) -> None:
    """A fresh start neither repeats nor loses; lists that a killed one kept on disk and did not write are written."""
    publish(article("new", body=about("flood", 50)))
    lists = newsroom.lists

    class Killed(Exception):  # noqa: N818 - what happens to it
        pass

    def die(*_: object, **__: object) -> bool:
        raise Killed

    work = Refresh(newsroom)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(lists), "patch", die)
        with pytest.raises(Killed):
            work.step()
    assert listed(newsroom, "new") == []
    publish(article("newer", body=about("flood", 70)))
    assert refresh(newsroom) == 1
    assert listed(newsroom, "new")
    assert listed(newsroom, "newer")


def test_a_new_version_and_one_gone_back_to_are_brought_up_to_date(newsroom: Service, publish: Publish) -> None:
    """What came between is in the lists of whatever version readers are moved to."""
    old = newsroom.lists.current
    publish(article("new", body=about("flood", 50)))
    train(newsroom, progress_bars())
    publish(article("newer", body=about("flood", 70)))
    refresh(newsroom)
    assert listed(newsroom, "new")
    assert listed(newsroom, "newer")
    assert newsroom.lists.roll_back() == old
    assert listed(newsroom, "newer") == []
    refresh(newsroom)
    assert listed(newsroom, "new")
    assert listed(newsroom, "newer")


def test_warming_up_changes_nothing_that_readers_or_explanations_see(newsroom: Service, publish: Publish) -> None:
    """What is folded in to warm up is in no list and not kept; without a version there is nothing to warm."""
    version = str(newsroom.lists.current)
    before = newsroom.lists.read_all(version, [one.id for one in newsroom.archive.articles()])
    work = Refresh(newsroom)
    assert work.warm()
    assert newsroom.lists.read_all(version, list(before)) == before
    assert not (newsroom.settings.data_dir / "models" / version / "growth.sqlite").exists()
    publish(article("new", body=about("flood", 50)))
    assert work.step() == 1
    assert "" not in set().union(*(listed(newsroom, f"flood-{n}") for n in range(8)))
    newsroom.redis.flushall()
    assert not Refresh(newsroom).warm()


def watched(service: Service) -> bool:
    """Tell whether somebody holds the lock of refreshes."""
    with (service.settings.data_dir / "refresh.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_watch_takes_in_what_is_pushed_and_others_wait_for_it(newsroom: Service, publish: Publish) -> None:
    """While one watches, a refresh beside it ends when all is taken in."""
    stopped = threading.Event()
    watcher = threading.Thread(target=watch, args=(newsroom, stopped))
    watcher.start()
    try:
        while not watched(newsroom):
            watcher.join(0.01)
        assert refresh(newsroom) == 0  # nothing has come since the night, and it does not wait for ever
        publish(article("new", body=about("flood", 50)))
        refresh(newsroom)
        assert listed(newsroom, "new")
    finally:
        stopped.set()
        watcher.join()


def reuters(name: str, count: int) -> list[Article]:
    with gzip.open(shared_file(f"articles/{name}")) as lines:
        return [parse_article(line) for line, _ in zip(lines, range(count), strict=False)]


def overlaps(service: Service, ids: Sequence[str], lists: dict[str, list[str]]) -> list[float]:
    found = []
    for article_id in ids:
        now, then = listed(service, article_id)[:10], lists[article_id][:10]
        found.append(len({*now} & {*then}) / max(len(now), len(then), 1) if now or then else 1.0)
    return found


def as_a_night_has_it(
    service: Service, articles: Sequence[Article], least: float = 0.999, *, relearns: bool = False
) -> None:
    lists = {one.id: listed(service, one.id) for one in articles}
    assert train(service, progress_bars()).relearned <= relearns
    assert np.mean(overlaps(service, list(lists), lists)) >= least


@pytest.fixture
def no_new_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights learn no words that came up since, as a refresh does not."""
    monkeypatch.setattr(Lexicon, "extended", lambda lexicon, _counts: lexicon)


@pytest.fixture
def keeping(service: Service) -> Service:
    """One whose nights keep the words' idf."""
    return with_settings(service, related_drift=9)


@pytest.mark.usefixtures("no_new_words")
def test_a_day_taken_in_is_as_a_night_would_have_it(keeping: Service, publish: Publish) -> None:
    """Fifty new articles, then changed ones, then withdrawn: lists overlap by .999 with a night's by the same words."""
    articles = reuters("reuters-2013.jsonl.gz", 850)
    publish(*articles[:800])
    train(keeping, progress_bars())
    publish(*articles[800:])
    assert refresh(keeping) == 50
    as_a_night_has_it(keeping, articles)
    changed = [
        one.model_copy(update={"body": other.body}) for one, other in zip(articles, articles[700:750], strict=False)
    ]
    publish(*changed)
    assert refresh(keeping) == 50
    as_a_night_has_it(keeping, articles)
    for one in articles[100:150]:
        withdraw(one.id, keeping.archive, keeping.intake)
    assert refresh(keeping) == 50
    as_a_night_has_it(keeping, articles[:100] + articles[150:])


@pytest.mark.benchmark
@pytest.mark.parametrize(("words", "drift", "least"), [(False, 9, 0.995), (True, 0.0008, 0.99), (True, 0.0003, 0.99)])
def test_two_weeks_taken_in_day_by_day_are_as_nights_would_have_them(
    service: Service, publish: Publish, request: pytest.FixtureRequest, *, words: bool, drift: float, least: float
) -> None:
    """Each day's articles, taken in as they came, give lists like those of the night after.

    They overlap by .995 where it goes by the same words, and by .99 where it learns what came up, or idf afresh.
    """
    if not words:
        request.getfixturevalue("no_new_words")
    service = with_settings(service, related_drift=drift)
    every = sorted(reuters("reuters-2013.jsonl.gz", 20_000), key=lambda one: str(one.published_at))
    days = sorted({str(one.published_at)[:10] for one in every})[-14:]
    there = [one for one in every if str(one.published_at)[:10] < days[0]]
    publish(*there)
    train(service, progress_bars())
    for day in days:
        come = [one for one in every if str(one.published_at)[:10] == day]
        publish(*come)
        assert refresh(service) == len(come)
        there += come
        as_a_night_has_it(service, there, least, relearns=drift < 1)
