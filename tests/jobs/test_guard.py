"""The guard beside thirty bad nights and thirty normal ones, made of real articles."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pytest
import stopwordsiso

from jobs.fitting import Fitted, fit, in_memory
from jobs.guard import Finding, inspect
from jobs.progress import Tick
from jobs.quality import Quality, measure
from recommender.article import Article, parse_article
from recommender.related.model import Model
from recommender.settings import Settings
from tests.newsroom import article
from tests.shared import shared_file

Corpus = list[Article]
Night = Callable[[Corpus, Corpus, random.Random], Corpus]

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SIZE = 250
LOREM = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "eiusmod",
    "tempor",
    "magna",
]
ERROR = "<html><head><title>503</title></head><body><h1>Service Unavailable</h1><p>Guru meditation {}</p></body></html>"
COOKIES = (
    "We use cookies and similar technologies to personalise content, tailor advertisements and measure audiences. "
)
COOKIES += "By continuing you accept our privacy policy, terms of service and the sharing of data with partners. "


@contextmanager
def silent(_name: str, _total: int) -> Iterator[Tick]:
    yield lambda *_: None


def fitted(articles: Corpus) -> Fitted:
    corpus = sorted(articles, key=lambda one: one.id)
    return fit(*in_memory(corpus), settings=Settings(), now=NOW, step=silent)


@dataclass(frozen=True)
class Yesterday:
    articles: Corpus
    others: Corpus
    model: Model
    quality: Quality

    def judge(self, night: Night, seed: int = 1) -> list[Finding]:
        found = fitted(night(self.articles, self.others, random.Random(seed)))
        return inspect(measure(found.model, self.model, found.garbled), asdict(self.quality), Settings())


@pytest.fixture(scope="module")
def yesterday() -> Yesterday:
    """Some articles of every section, in order of the data; the others are yet to come."""
    with gzip.open(shared_file("articles/bbc.jsonl.gz")) as lines:
        every = [parse_article(line) for line in lines]
    random.Random(0).shuffle(every)
    articles, others = every[:SIZE], every[SIZE : 2 * SIZE]
    found = fitted(articles)
    return Yesterday(articles, others, found.model, measure(found.model, None, found.garbled))


def with_bodies(change: Callable[[str, random.Random], str], share: float = 1.0, *, titles: bool = False) -> Night:
    def night(articles: Corpus, _: Corpus, chance: random.Random) -> Corpus:
        return [changed(one, chance) if chance.random() < share else one for one in articles]

    def changed(one: Article, chance: random.Random) -> Article:
        update = {"body": change(one.body, chance)}
        if titles:
            update["title"] = change(one.title, chance) or "untitled"
        return one.model_copy(update=update)

    return night


def some(share: float) -> Night:
    return lambda articles, _, chance: chance.sample(articles, round(share * len(articles)))


def in_language(code: str) -> Callable[[str, random.Random], str]:
    """Make the text one of another language: its words, as long as ours, in no order that means anything."""
    words = sorted(stopwordsiso.stopwords(code))
    return lambda body, _: " ".join(words[hash_of(word) % len(words)] for word in body.split())


def hash_of(word: str) -> int:
    return int.from_bytes(word.encode()[:8].ljust(8), "big") * 2654435761 % 2**32


def decoded(encoding: str, wrongly: str) -> Callable[[str, random.Random], str]:
    return lambda text, _: text.encode(encoding, "replace").decode(wrongly, "replace").replace("\x00", "\ufffd")


def accented(text: str) -> str:
    """Make one word in ten look German."""
    return " ".join(
        word.replace("e", "ö").replace("a", "ü") if hash_of(word) % 10 == 0 else word for word in text.split()
    )


def misread(encoding: str, wrongly: str, share: float = 1.0) -> Night:
    """Let yesterday's words have umlauts, and read them wrongly."""
    wrong = decoded(encoding, wrongly)
    return with_bodies(lambda text, chance: wrong(accented(text), chance), share)


def lorem(body: str, chance: random.Random) -> str:
    return " ".join(chance.choices(LOREM, k=len(body.split())))


def letters(body: str, chance: random.Random) -> str:
    return " ".join("".join(chance.choices("abcdefghijklmnop", k=7)) for _ in body.split())


def rotated(articles: Corpus, _: Corpus, chance: random.Random) -> Corpus:
    """Give every article another's body."""
    bodies = [one.body for one in articles]
    chance.shuffle(bodies)
    return [one.model_copy(update={"body": body}) for one, body in zip(articles, bodies, strict=True)]


def of_section(section: str) -> Night:
    return lambda articles, others, _: [one for one in [*articles, *others] if one.section == section]


def filled_with_copies(articles: Corpus, _: Corpus, chance: random.Random) -> Corpus:
    return [*articles, *(one.model_copy(update={"id": f"{one.id}-again"}) for one in chance.sample(articles, 120))]


def relabelled(articles: Corpus, _: Corpus, __: random.Random) -> Corpus:
    return [one.model_copy(update={"section": "News"}) for one in articles]


def renumbered(articles: Corpus, _: Corpus, __: random.Random) -> Corpus:
    return [one.model_copy(update={"id": f"v2:{one.id}"}) for one in articles]


def a_third_of_errors(articles: Corpus, others: Corpus, __: random.Random) -> Corpus:
    errors = [one.model_copy(update={"body": ERROR.format(""), "title": "503"}) for one in others[: len(articles) // 2]]
    return [*articles, *errors]


BAD: dict[str, Night] = {
    "a tenth of the articles": some(0.1),
    "a third of the articles": some(0.34),
    "half of the articles": some(0.5),
    "one article": lambda articles, _, __: articles[:1],
    "another site": lambda _, others, __: others,
    "other ids": renumbered,
    "no bodies": with_bodies(lambda *_: ""),
    "no bodies for half": with_bodies(lambda *_: "", 0.5),
    "no bodies for a quarter": with_bodies(lambda *_: "", 0.25),
    "one body for all": lambda articles, _, __: [one.model_copy(update={"body": articles[0].body}) for one in articles],
    "one body for half": with_bodies(lambda *_: COOKIES * 5, 0.5),
    "all alike but for a number": with_bodies(lambda _, chance: f"{COOKIES * 3} {chance.random()}", titles=True),
    "German": with_bodies(in_language("de")),
    "French": with_bodies(in_language("fr")),
    "half in Spanish": with_bodies(in_language("es"), 0.5),
    "UTF-16 read as Latin-1": with_bodies(decoded("utf-16-le", "latin-1")),
    "EBCDIC": with_bodies(decoded("cp500", "latin-1")),
    "UTF-16 read as UTF-16 of the other order": with_bodies(decoded("utf-16-le", "utf-16-be")),
    "UTF-8 read as Latin-1": misread("utf-8", "latin-1"),
    "UTF-8 read as Windows-1252, a quarter": misread("utf-8", "cp1252", 0.25),
    "Latin-1 read as UTF-8, a quarter": misread("latin-1", "utf-8", 0.25),
    "truncated to a line": with_bodies(lambda body, _: body[:80]),
    "truncated to the lead": with_bodies(lambda body, _: body[:400]),
    "shuffled bodies": rotated,
    "one section only": of_section("sport"),
    "another section only": of_section("business"),
    "every section renamed to one": relabelled,
    "error pages": with_bodies(lambda _, chance: ERROR.format(chance.randint(0, 9))),
    "error pages for a third of all": a_third_of_errors,
    "lorem ipsum": with_bodies(lorem),
    "random letters": with_bodies(letters),
    "a hundred and twenty copies": filled_with_copies,
    "boilerplate only": with_bodies(lambda *_: COOKIES),
    "words in one heap": with_bodies(lambda body, chance: " ".join(chance.sample(LOREM, 12)) + body[:200]),
}


def more(share: float) -> Night:
    return lambda articles, others, __: [*articles, *others[: round(share * len(articles))]]


def leaning(section: str, share: float) -> Night:
    """Add articles of one section."""

    def night(articles: Corpus, others: Corpus, _: random.Random) -> Corpus:
        wanted = [one for one in others if one.section == section]
        return [*articles, *wanted[: round(share * len(articles))]]

    return night


def renewed(share: float) -> Night:
    """Let some go and as many come."""

    def night(articles: Corpus, others: Corpus, chance: random.Random) -> Corpus:
        count = round(share * len(articles))
        return [*chance.sample(articles, len(articles) - count), *others[:count]]

    return night


def updated(body: str, chance: random.Random) -> str:
    sentences = body.split(". ")
    chance.shuffle(sentences[1:])
    return ". ".join([*sentences[: max(1, len(sentences) - 2)], "A spokesman declined to comment on the figures"])


SECTIONS = ("business", "entertainment", "politics", "sport", "tech")

NORMAL: dict[str, Night] = {
    "the same": some(1.0),
    **{f"{share:.0%} more": more(share) for share in (0.01, 0.02, 0.05, 0.1, 0.2)},
    **{f"{share:.0%} fewer": some(1 - share) for share in (0.01, 0.02, 0.05, 0.1, 0.2)},
    **{f"{share:.0%} renewed": renewed(share) for share in (0.02, 0.05, 0.1, 0.2)},
    **{f"a day of {section}": leaning(section, 0.15) for section in SECTIONS},
    **{f"{share:.0%} updated": with_bodies(updated, share) for share in (0.02, 0.1, 0.3)},
    "a footer on every page": with_bodies(lambda body, _: f"{body} {COOKIES}"),
    "bodies in HTML": with_bodies(lambda body, _: "".join(f"<p>{part}</p>" for part in body.split("\n"))),
    "a twentieth without bodies": with_bodies(lambda *_: "", 0.05),
    "a fifth with umlauts": with_bodies(lambda body, _: accented(body), 0.2),
    "a twentieth read in a wrong encoding": misread("utf-8", "latin-1", 0.05),
    "a twentieth in German": with_bodies(in_language("de"), 0.05),
    "a few copies": lambda articles, _, __: [
        *articles,
        *(one.model_copy(update={"id": f"{one.id}-b"}) for one in articles[:12]),
    ],
    "new headlines": lambda articles, _, __: [
        one.model_copy(update={"title": f"Update: {one.title}"}) for one in articles
    ],
    "one very long article": lambda articles, others, __: [
        *articles,
        article("long", body=" ".join(one.body for one in others)),
    ],
}


@pytest.mark.parametrize("night", BAD.values(), ids=BAD.keys())
def test_a_bad_night_is_refused(yesterday: Yesterday, night: Night) -> None:
    """Whatever went wrong on the way in, some figure shows it."""
    assert yesterday.judge(night)


@pytest.mark.parametrize("night", NORMAL.values(), ids=NORMAL.keys())
def test_a_normal_night_is_not(yesterday: Yesterday, night: Night) -> None:
    """A fifth more or less, another mix, updates and a few mishaps pass."""
    assert yesterday.judge(night) == []


def test_the_first_night_is_compared_with_nothing(yesterday: Yesterday) -> None:
    """Without a version before, everything may be published."""
    assert inspect(yesterday.quality, None, Settings()) == []


def test_a_finding_names_the_figure_its_limit_and_yesterdays() -> None:
    """A refusal can be understood from its text alone."""
    assert str(Finding("words an article", 12.5, 70, 100.25, "guard_words")) == (
        "words an article 12.5 (must be at least 70, was 100.2)"
    )
    assert str(Finding("share moved between sections", 0.6, 0.4, None, "guard_mix")) == (
        "share moved between sections 0.6 (must be at most 0.4)"
    )
