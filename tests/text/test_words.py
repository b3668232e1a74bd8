"""Text into words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text.words import _WORD, Words, _found


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The elections in Mossbeck", "en", ["elect", "mossbeck"]),
        ("electing ELECTED election", "en-GB", ["elect", "elect", "elect"]),
        ("O'Brien\u2019s plan", "en", ["brien", "plan"]),
        ("Jean-Claude and covid-19", "en", ["jean-claud", "covid-19"]),
        ("3.5 per cent of 10,000", "en", ["3.5", "cent", "10,000"]),
        ("a 1 F-16 787s", "en", ["f-16", "787s"]),
        ("Die Wählerinnen wählten", "de", ["wahl", "wahlt"]),
        ("l\u2019eau de l'Aude", "fr", ["eau", "aud"]),
        ("Правительства и правительство", "ru", ["правительств", "правительств"]),
        ("प्रधानमंत्री ने कहा", "hi", ["प्रधानमंत्र"]),
        ("北京大学", "zh", ["北京", "京大", "大学"]),
        ("東京でAI会議", "ja", ["東京", "京で", "ai", "会議"]),
        ("He left. Ferries. 30. 4-", "en", ["left", "ferri", "30"]),
        ("1,5,7x 2,000.5 and 12.5x", "en", ["7x", "2,000.5", "12.5x"]),
        ("xyzzy plugh", "tlh", ["xyzzy", "plugh"]),
        ("", "en", []),
        ("the of and 🎈 \u200b ...", "en", []),
    ],
)
def test_words(text: str, language: str, expected: list[str]) -> None:
    """Words are folded to their stems by the rules of their language; text without spaces is cut into pairs."""
    words = Words()
    assert [words.stems[number] for number in words.of(text, language)] == expected


def test_stems_are_shown_as_they_were_written() -> None:
    """What an editor reads is a word that stood in an article."""
    words = Words()
    words.of("Parties were electing", "en")
    written = dict(zip(words.stems, words.written, strict=True))
    assert (written["parti"], written["elect"]) == ("parties", "electing")


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_what_is_all_ascii_gives_the_same_words_in_the_quick_way(text: str) -> None:
    """The quick pattern and the general one find the same, whatever stands between."""
    assert _found(text) == _WORD.findall(text.casefold())


@pytest.mark.parametrize(
    "text", ["1," * 500_000 + "1x", "1," * 500_000 + "1é", "1." * 500_000 + "x", "0" * 999_999 + "x"]
)
def test_a_body_of_nothing_but_numbers_is_read_as_fast_as_any(text: str) -> None:
    """No text is read anew from each of its places: this would take hours."""
    assert len(_found(text)) in {1, 500_001}
