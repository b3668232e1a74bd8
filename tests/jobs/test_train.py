"""The nightly training, from the archive to what readers see."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from redis import Redis
from rich.progress import Progress

from jobs.progress import progress_bars
from jobs.train import train
from recommender.article import parse_article
from recommender.errors import TrainingRefused
from recommender.intake import withdraw
from recommender.redis.embedded import EmbeddedRedis
from recommender.redis.keys import Keys
from recommender.service import Service
from recommender.view import View
from tests.newsroom import article
from tests.running import own_environment
from tests.shared import shared_file

Publish = Callable[..., None]

TOPICS = {
    "flood": "river dyke flood water sandbag village rain gauge rescue boat",
    "vote": "election ballot coalition party seat parliament leader campaign poll vote",
    "probe": "comet probe orbit launch telescope dust antenna mission engine signal",
}


@pytest.fixture
def bars() -> Progress:
    return progress_bars()


@pytest.fixture
def newsroom(publish: Publish) -> None:
    """Five articles on each of three topics; every article uses eight of its topic's ten words."""
    publish(
        *(
            article(f"{topic}-{number}", body=" ".join(np.random.default_rng(number).permutation(text.split())[:8]))
            for topic, text in TOPICS.items()
            for number in range(5)
        )
    )


def with_settings(service: Service, **changed: object) -> Service:
    return replace(service, settings=service.settings.model_copy(update=changed))


@pytest.mark.usefixtures("newsroom")
def test_with_everything_off_lists_are_the_nearest_by_dense_cosine(service: Service, bars: Progress) -> None:
    """Every published list is that of the dense product of the expanded rows, floor and all."""
    off = {"related_freshness_share": 0.0, "related_variety": 0.0, "related_story_most": 200, "related_floor": 0.3}
    summary = train(with_settings(service, **off), bars)
    assert summary.version
    model = service.shelf.get(summary.version)
    dense = model.expanded.toarray()
    cosines = dense @ dense.T
    np.fill_diagonal(cosines, 0)
    for place, article_id in enumerate(model.ids):
        version, near = service.lists.read(article_id)
        assert version == summary.version
        expected = {model.ids[other]: cosine for other, cosine in enumerate(cosines[place]) if cosine >= 0.3}
        assert near == pytest.approx(expected, abs=1e-4)
        assert list(near.values()) == [round(score, 4) for score in near.values()]
        assert list(near.values()) == sorted(near.values(), reverse=True)
    assert (summary.articles, summary.lists, summary.copies) == (15, 15, 0)


def test_what_is_served_is_fresh_varied_and_in_one_language(service: Service, publish: Publish, bars: Progress) -> None:
    """Of two equally near the newer leads; of one story two are listed; another language is not."""
    now = datetime.now(UTC)
    river = "river dyke flood water sandbag village rain gauge rescue boat harbour mayor"
    words = river.split()
    publish(
        article("read", body=f"{river} pump", published_at=now - timedelta(days=50)),
        *(
            article(f"{age}", body=" ".join([*words, f"extra{age}"]), published_at=now - timedelta(days=age))
            for age in (400, 300, 200, 100)
        ),
        *(
            article(f"story-{n}", body=" ".join(words[:8] + [f"w{n}{at}" for at in range(9)]), published_at=now)
            for n in range(4)
        ),
        article("german", body=f"{river} pump", language="de", published_at=now),
    )
    train(with_settings(service, related_copy_cosine=2.0, related_copy_shingles=2.0, related_story_cosine=0.2), bars)
    listed = list(service.lists.read("read")[1])
    dated = [article_id for article_id in listed if article_id.isdigit()]
    assert dated == ["100", "200", "300", "400"]
    assert len([article_id for article_id in listed if article_id.startswith("story")]) == 2
    assert "german" not in listed


@pytest.mark.usefixtures("newsroom")
def test_what_readers_also_read_is_listed_where_there_are_many(service: Service, bars: Progress) -> None:
    """Sixty readers of two articles without a common word bring them together; all other lists stay as they were."""
    before = train(with_settings(service, related_readers=False), bars)
    lists = {one.id: service.lists.read(one.id)[1] for one in service.archive.articles()}
    now = datetime.now(UTC).timestamp()
    for reader in range(60):
        for article_id in ("flood-0", "vote-0"):
            service.counters.count(View(article_id=article_id, visitor_id=str(reader)), now=now)
    after = train(service, bars)
    assert before.version != after.version
    assert "vote-0" in service.lists.read("flood-0")[1]
    assert "flood-0" in service.lists.read("vote-0")[1]
    for article_id in lists.keys() - {"flood-0", "vote-0"}:
        assert service.lists.read(article_id)[1] == pytest.approx(lists[article_id], abs=1e-3)


def test_text_without_spaces_is_related_by_what_it_says(service: Service, publish: Publish, bars: Progress) -> None:
    """Chinese articles, whose language is not told, find those on their subject."""
    texts = {
        "flood-1": "洪水冲毁了河堤,村民连夜撤离,救援人员用船运送老人。",
        "flood-2": "河堤决口之后,洪水淹没村庄,救援人员正在加固河堤。",
        "flood-3": "气象局发布洪水警报,河堤附近的村民已经撤离。",
        "vote-1": "议会选举的计票工作已经结束,执政党失去多数席位。",
        "vote-2": "选举之后,执政党领袖宣布辞职,议会将选出新的总理。",
        "vote-3": "反对党在议会选举中获得多数席位,将组成新政府。",
    }
    publish(*(article(article_id, title=text[:8], body=text) for article_id, text in texts.items()))
    train(service, bars)
    for article_id in texts:
        first = next(iter(service.lists.read(article_id)[1]))
        assert first.split("-")[0] == article_id.split("-")[0]


@pytest.mark.usefixtures("newsroom")
def test_withdrawn_articles_copies_and_the_article_itself_are_never_listed(
    service: Service, publish: Publish, bars: Progress
) -> None:
    """Of exact copies the eldest stands for all; the withdrawn are gone; nobody is his own neighbour."""
    body = service.archive.get("flood-0")
    assert body
    publish(
        article("flood-0-copy", title=body.title, body=body.body, published_at="2026-01-01"),
        article("flood-gone", body=body.body, withdrawn=True),
    )
    withdraw("flood-1", service.archive, service.intake)
    assert train(service, bars).copies == 1
    lists = {one.id: service.lists.read(one.id)[1] for one in service.archive.articles()}
    assert "flood-1" not in lists
    listed = set().union(*lists.values())
    assert not listed & {"flood-1", "flood-gone"}
    assert len(listed & {"flood-0", "flood-0-copy"}) == 1
    assert not lists["flood-0"].keys() & {"flood-0", "flood-0-copy"}
    assert not lists["flood-0-copy"].keys() & {"flood-0", "flood-0-copy"}
    assert all(article_id not in near for article_id, near in lists.items())


@pytest.mark.usefixtures("newsroom")
def test_articles_without_usable_words_have_no_list_and_harm_none(
    service: Service, publish: Publish, bars: Progress
) -> None:
    """Empty bodies, stop words, digits, markup and emoji are trained on without an error; the boxes stay filled."""
    odd = ["", "the and of", "12 345", "<img src=x>", "🎈🎈", "\u200b"]
    publish(*(article(f"odd-{place}", title="1", body=text) for place, text in enumerate(odd)))
    summary = train(service, bars)
    assert (summary.articles, summary.with_words, summary.lists) == (21, 15, 15)
    assert service.lists.read("odd-0") == (summary.version, {})
    items = service.boxes.related("odd-0", limit=6).items
    assert [item.source for item in items] == ["latest"] * 6


@pytest.mark.parametrize(
    "bodies",
    [
        ["river flood village"],
        ["river flood village"] * 60,
        ["word " * 65_536, "word " * 199_000, "word other"],
        ["x" * 999_000, "a." * 499_000, "<p>" * 300_000, "( a b " * 160_000, "1," * 499_000, "\u5317" * 999_000],
        ["river flood village", "der Fluss im Dorf", "le village au bord", "\u0440\u0435\u043a\u0430", "\u6cb3\u6c34"]
        * 9,
    ],
    ids=["one article", "all alike", "one word", "longest bodies", "five languages"],
)
def test_no_corpus_breaks_a_night(bodies: list[str], service: Service, publish: Publish, bars: Progress) -> None:
    """Whatever the articles are, the night ends with a version, and so does the next, that keeps what it can."""
    publish(*(article(f"{number:02}", body=body, language=None) for number, body in enumerate(bodies)))
    first, second = train(service, bars), train(service, bars)
    assert first.version
    assert second.version == service.lists.current
    assert second.articles == len(bodies)
    assert second.copies >= len(bodies) - len(set(bodies))


def test_an_empty_archive_is_refused_with_what_to_do(service: Service, bars: Progress) -> None:
    """Without articles there is nothing to publish."""
    with pytest.raises(TrainingRefused, match="recommender import"):
        train(service, bars)
    assert service.lists.current is None


@pytest.mark.usefixtures("newsroom")
def test_a_night_that_lost_half_the_lists_is_refused_unless_forced(service: Service, bars: Progress) -> None:
    """The old version serves on after a refusal; --force publishes and says so."""
    good = train(service, bars).version
    for place, one in enumerate(list(service.archive.articles())):
        if place % 3:
            withdraw(one.id, service.archive, service.intake)
    with pytest.raises(TrainingRefused, match=r"articles 5 \(must be at least 9, was 15\)"):
        train(service, bars)
    assert service.lists.current == good
    forced = train(service, bars, by="the editor", force=True)
    assert forced.forced
    assert service.lists.current == forced.version
    last, refused, first = service.lists.runs()
    assert (last["outcome"], last["forced"], last["by"], last["version"]) == (
        "published",
        True,
        "the editor",
        forced.version,
    )
    assert (refused["outcome"], refused["version"], refused["findings"]) == ("refused", None, last["findings"])
    assert refused["findings"][0] == {
        "figure": "articles",
        "value": 5,
        "limit": 9.0,
        "before": 15,
        "setting": "guard_articles",
    }
    assert "articles 5" in refused["reason"]
    assert first["version"] == good
    report = service.shelf.path(refused["run"])
    assert {file.name for file in report.iterdir()} == {"quality.json", "quality.html"}


@pytest.mark.usefixtures("newsroom")
def test_a_dry_run_changes_nothing(service: Service, bars: Progress, redis: Redis, keys: Keys) -> None:
    """Everything is computed, nothing is published and nothing is left behind."""
    summary = train(service, bars, dry_run=True)
    assert (summary.version, summary.lists) == (None, 15)
    assert service.lists.current is None
    assert not redis.exists(keys.lock, keys.staging)


@pytest.mark.usefixtures("newsroom")
def test_of_two_runs_at_once_one_is_refused(service: Service, bars: Progress) -> None:
    """While a run holds the lock another ends with one clear line, and the first one's version is published."""
    inside, release = threading.Event(), threading.Event()

    def holder() -> None:
        settings = service.settings
        with service.lists.publishing(lock_s=settings.train_lock_s, keep=3, now=datetime.now(UTC)):
            inside.set()
            release.wait()

    other = threading.Thread(target=holder)
    other.start()
    inside.wait()
    try:
        with pytest.raises(TrainingRefused, match="under way"):
            train(service, bars)
    finally:
        release.set()
        other.join()
    assert train(service, bars).version == service.lists.current


@pytest.mark.usefixtures("newsroom")
def test_training_mends_a_catalogue_that_redis_lost(service: Service, bars: Progress, redis: Redis) -> None:
    """After Redis came back empty, one run shows every article again."""
    redis.flushall()
    ids = [one.id for one in service.archive.articles()]
    assert service.catalogue.cards(ids) == {}
    train(service, bars)
    assert set(service.catalogue.cards(ids)) == set(ids)


def test_a_machine_without_numba_trains_the_same_lists(
    service: Service, bars: Progress, publish: Publish, redis_server: EmbeddedRedis
) -> None:
    """The whole night on real articles gives the same lists where numba cannot be imported."""
    with gzip.open(shared_file("articles/bbc.jsonl.gz")) as lines:
        publish(*(parse_article(line) for number, line in enumerate(lines) if number % 5 == 0))
    compiled = train(service, bars)
    settings = service.settings
    without = "import sys; sys.modules['numba'] = None; from recommender.cli import main; main(['train'])"
    environment = own_environment() | {
        "RECOMMENDER_DATA_DIR": str(settings.data_dir),
        "RECOMMENDER_REDIS_URL": redis_server.url,
        "RECOMMENDER_NAMESPACE": settings.namespace,
        "RECOMMENDER_RELATED_RELEARN_DAYS": "0",
    }
    subprocess.run([sys.executable, "-c", without], env=environment, check=True, capture_output=True)
    assert compiled.version
    assert service.lists.current != compiled.version
    one, other = service.shelf.get(compiled.version), service.shelf.get(service.lists.current or "")
    assert one.ids == other.ids
    assert len(one.ids) == 445
    assert other.kin.bounds.all()
    # Between two of equal worth, articles in a list or words of an expanded one, the last bit decides.
    assert np.isclose(other.listed.cosines, one.listed.cosines, atol=1e-5).mean() > 0.995
    np.testing.assert_allclose(other.listed.cosines, one.listed.cosines, atol=0.005)
    assert (other.listed.indices == one.listed.indices).mean() > 0.998
