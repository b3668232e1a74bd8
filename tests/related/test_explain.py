"""Explanations: weights that add up, and a reason in plain words for every case."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from jobs.progress import progress_bars
from jobs.train import train
from recommender.errors import ModelError, UnknownArticle
from recommender.intake import withdraw
from recommender.related.explain import Explanation, explain
from recommender.sample import sample_articles
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article

Explain = Callable[[str, str], Explanation]

NOW = datetime.now(UTC)
RIVER = "river dyke flood water sandbag village rain gauge rescue boat harbour mayor"


def shuffled(words: list[str], seed: int) -> str:
    return " ".join(random.Random(seed).sample(words, len(words)))


@pytest.fixture
def ask(service: Service) -> Explain:
    def asked(one: str, other: str) -> Explanation:
        version = service.lists.current
        assert version
        return explain(service.shelf.growth(version), version, service.archive, one, other)

    return asked


@pytest.fixture
def newsroom(service: Service, publish: Publish) -> None:
    words = RIVER.split()
    publish(*sample_articles("https://news.example", NOW))
    publish(
        article("gone", body=shuffled(words, 99)),
        article("dark", body=" ".join(words[::-1]), sensitive=True, section="Courts"),
        article("river", body=f"{RIVER} pump", section="World"),
        article("twin", body=f"{RIVER} pump"),
        article("fluss", body=f"{RIVER} pump wasser", language="de"),
        *(article(f"flood-{n}", body=shuffled(words, n), published_at=NOW - timedelta(hours=n)) for n in range(2, 8)),
    )
    bars = progress_bars()
    settings = service.settings.model_copy(update={"related_copy_cosine": 2.0, "related_keep": 4})
    train(Service(**{name: getattr(service, name) for name in Service.__slots__} | {"settings": settings}), bars)
    withdraw("gone", service.archive, service.intake)


@pytest.mark.usefixtures("newsroom")
def test_weights_and_adjustments_add_up_for_any_two_articles(service: Service, ask: Explain) -> None:
    """The words' weights add up to the cosine, the factors lead to the score, which is the one that readers get."""
    ids = [one.id for one in service.archive.articles()]
    chance = random.Random(5)
    for _ in range(300):
        one = chance.choice(ids)
        listed = service.lists.read(one)[1]
        other = chance.choice([*listed, chance.choice(ids)])
        if (known := service.archive.get(other)) and known.sensitive:
            continue  # it may be in the list, and is kept out of the box
        answer = ask(one, other)
        assert sum(term.weight for term in answer.terms) == pytest.approx(answer.cosine, abs=1e-6)
        score = answer.cosine
        for step in answer.adjustments:
            score *= step.factor
            assert step.score == pytest.approx(score, abs=1e-9)
        assert answer.score == pytest.approx(score, abs=1e-9)
        assert answer.listed == (other in listed)
        if answer.listed:
            assert answer.rank == list(listed).index(other) + 1
            assert answer.score == pytest.approx(listed[other], abs=1e-4)
        else:
            assert answer.reason.startswith("not listed: ")


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("river", "river", "beside itself"),
        ("river", "gone", "withdrawn"),
        ("river", "dark", "sensitive"),
        ("river", "twin", "a copy of the article itself"),
        ("flood-3", "twin", "a copy of river"),
        ("river", "fluss", "another language"),
        ("river", "football-final-live-report", "below the floor"),
    ],
)
@pytest.mark.usefixtures("newsroom")
def test_what_is_not_listed_has_its_reason(ask: Explain, one: str, other: str, reason: str) -> None:
    """Whatever keeps an article out is said in plain words."""
    answer = ask(one, other)
    assert reason in answer.reason
    assert (answer.listed, answer.rank) == (False, None)


@pytest.mark.usefixtures("newsroom")
def test_the_third_of_a_story_and_what_is_beyond_the_end_are_told_apart(ask: Explain) -> None:
    """Of six floods within a day two are listed; the others are the third of their story."""
    reasons = [ask("river", f"flood-{n}").reason for n in range(2, 8)]
    assert len([reason for reason in reasons if reason.startswith("number")]) == 2
    assert len([reason for reason in reasons if "2 of the same story" in reason]) == 4
    others = [ask("river", one.id).reason for one in sample_articles("https://news.example", NOW)]
    assert any("beyond the end of the list, which holds 4" in reason for reason in others)


@pytest.mark.usefixtures("newsroom")
def test_unknown_and_newer_articles_are_refused(ask: Explain, publish: Publish) -> None:
    """Nobody's article, and one that came after the model was made, have a clear answer."""
    with pytest.raises(UnknownArticle, match="nobody"):
        ask("river", "nobody")
    publish(article("newer", body=RIVER))
    with pytest.raises(ModelError, match="not taken in yet"):
        ask("newer", "river")
