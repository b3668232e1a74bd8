"""The generated pictures: drawn from an article's id, in the manner of its section."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from recommender.web.pictures import picture, tone
from tests.newsroom import article

SECTIONS = ["Politics", "World", "Business", "Technology", "Science", "Health", "Climate", "Culture", "Sport"]
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"svg", "g", "defs", "use", "clipPath", "linearGradient", "stop", "rect", "circle", "ellipse", "path"}
ODD_IDS = ['a/b//c "quoted" & 100%?#ü', "/starts/with/a/slash", "ends.svg", "i" * 128, "<script>", "السد"]


@given(st.text(min_size=1, max_size=128), st.sampled_from([*SECTIONS, "Obituaries", "", None]) | st.text(max_size=50))
def test_every_picture_is_small_well_formed_and_only_drawing(article_id: str, section: str | None) -> None:
    """Whatever the id and the section: 1200 by 675, less than 6 kB, shapes and nothing else."""
    drawn = picture(article_id, section)
    root = ET.fromstring(drawn)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("1200", "675", "0 0 1200 675")
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= DRAWN
    assert len(drawn.encode()) < 6000


@pytest.mark.parametrize("section", SECTIONS)
def test_articles_of_a_section_have_pictures_of_their_own(section: str) -> None:
    """No two of a hundred articles look the same, and none looks as it would in another section."""
    drawn = {picture(f"article-{number}", section) for number in range(100)}
    assert len(drawn) == 100
    elsewhere = {picture(f"article-{number}", other) for other in SECTIONS if other != section for number in range(100)}
    assert not drawn & elsewhere


def test_a_picture_is_the_same_in_every_process() -> None:
    """Workers agree on an article's picture, so caches may keep it."""
    program = "from recommender.web.pictures import picture; print(picture('aldre-flood', 'Climate'), end='')"
    for seed in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        assert other.stdout == picture("aldre-flood", "Climate")


def test_sections_are_compared_as_everywhere_else() -> None:
    """Case and spaces of a section's name change neither its colours nor its pictures."""
    assert tone(" SPORT ") == tone("sport") == "sport"
    assert picture("derby", " SPORT ") == picture("derby", "Sport")


@pytest.mark.parametrize("article_id", ODD_IDS)
def test_a_known_article_has_a_picture_under_its_id(
    app: Flask, client: FlaskClient, publish: Callable[..., None], article_id: str
) -> None:
    """The address made for any id leads to that article's picture, which may be kept for a day."""
    publish(article(article_id, section="Sport"))
    with app.test_request_context():
        address = url_for("site.article_picture", article_id=article_id)
    response = client.get(address)
    assert response.status_code == 200
    assert response.mimetype == "image/svg+xml"
    assert response.text == picture(article_id, "Sport")
    assert response.cache_control.public
    assert response.cache_control.max_age == 86_400


def test_unknown_and_withdrawn_articles_have_no_picture(client: FlaskClient, publish: Callable[..., None]) -> None:
    """Nothing is drawn for what readers may not see."""
    publish(article("gone", withdrawn=True))
    assert client.get("/pictures/gone.svg").status_code == 404
    assert client.get("/pictures/never-here.svg").status_code == 404
