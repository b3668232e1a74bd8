"""Articles into fields: boilerplate, language, lead."""

from __future__ import annotations

from recommender.text.boilerplate import Boilerplate
from recommender.text.fields import FieldReader
from recommender.text.language import LanguageGuess, main_language
from recommender.text.words import Words
from tests.newsroom import article

TOWNS = ["Mossbeck", "Port Selm", "Tarsholm", "Eyre Ness", "Sandmo", "Karsovia"]
WIRE = [
    f"{town.upper()}, Nov 3 (Lirenia Press) - The council of {town} met on its harbour. It voted for a number "
    f"{number} ferry{' (the third one)' * (number == 0)}. (Reporting by Ann{number} Veld; Editing by Bo Tarn) "
    "Follow us on the wire for more."
    for number, town in enumerate(TOWNS * 4)
]


def test_what_stands_in_many_articles_is_stripped() -> None:
    """Dateline, credits and the house's closing sentence go; what differs stays, and so does a rare aside."""
    kept = Boilerplate.learn(WIRE, 0.5).strip(WIRE[0])
    assert (
        " ".join(kept.split())
        == "The council of Mossbeck met on its harbour. It voted for a number 0 ferry (the third one)."
    )


def test_what_stands_in_few_articles_stays() -> None:
    """The same words in too small a share, in fewer than five articles, or switched off, are not boilerplate."""
    others = [f"Number {number} is another article about something else altogether." for number in range(100)]
    assert Boilerplate.learn(WIRE + others, 0.5).strip(WIRE[0]) == WIRE[0]
    assert Boilerplate.learn(WIRE[:4], 0.5).strip(WIRE[0]) == WIRE[0]
    assert Boilerplate.learn(WIRE, 1).strip(WIRE[0]) == WIRE[0]


def test_languages_are_taken_from_the_article_or_its_text() -> None:
    """A tag is believed; without one the text tells, whatever the site's main language is."""
    english = [" ".join(WIRE[:3])] * 3
    guess = LanguageGuess(main_language(english))
    assert guess.main == "en"
    assert guess.of("irrelevant", "pt-BR") == "pt"
    assert guess.of(WIRE[0], None) == "en"
    assert guess.of("Der Stadtrat hat am Freitag beschlossen, die Fähre nicht mehr fahren zu lassen.", None) == "de"
    assert guess.of("Le conseil municipal a voté vendredi contre le ferry et pour le pont.", None) == "fr"
    assert guess.of("市议会周五投票决定不再让渡轮通行、而是修建一座桥梁。", None) == "zh"
    assert guess.of("river dyke flood sandbag", None) == "en"
    assert LanguageGuess(main_language([])).of("", None) == "en"


def test_an_article_is_read_into_title_lead_and_body() -> None:
    """Markup is gone, the lead is the beginning of summary and body, and the body has both."""
    words = Words()
    fields = FieldReader.learn([]).read(
        article("a", title="Ferry sinks", summary="<b>Nobody</b> drowned", body="<p>harbour</p>" * 100, language="en"),
        words,
    )
    title, lead, body = ([words.stems[number] for number in part] for part in (fields.title, fields.lead, fields.body))
    assert title == ["ferri", "sink"]
    assert lead == ["drown", *["harbour"] * 39]
    assert body == ["drown", *["harbour"] * 100]
