"""The demonstration news site: a front page, sections and articles, each with its boxes filled by the service."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import nh3
from flask import Blueprint, Response, abort, render_template, url_for
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup
from werkzeug.routing import PathConverter

from recommender.answers import Item
from recommender.article import Article, section_key
from recommender.card import Card
from recommender.sample import captions
from recommender.text.plain import plain_text
from recommender.web.parts import parts
from recommender.web.pictures import picture, tone
from recommender.web.serving import served

__all__ = ["site"]

site = Blueprint("site", __name__)
site.add_app_template_filter(tone)

_TAGS = {
    "p",
    "h2",
    "h3",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "strong",
    "em",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "br",
}
_BLANK_LINES = re.compile(r"\n\s*\n")
_RIGHT_TO_LEFT = frozenset(["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "syr", "ug", "ur", "yi"])
_SECTION_LENGTH = 40
_RECENT_DAYS = 7


class _AnyText(PathConverter):
    """The rest of the path: ids and names of sections may hold slashes, and start with one."""

    regex = ".+?"
    part_isolating = False


@site.record_once
def _know_any_text(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["any_text"] = _AnyText


@site.get("/")
def front() -> str:
    """Show the front page: the newest article of each section leads it, the newest of those the page."""
    sections = parts().boxes.front(per_section=7) or {"": _latest(_SECTION_LENGTH)}
    leads = sorted((cards[0] for cards in sections.values() if cards), key=lambda card: card.published, reverse=True)
    top = leads[:4]
    rest = {name: [card for card in cards if card not in top][:5] for name, cards in sections.items()}
    return _page(
        "site/front.html",
        top=top,
        lead=parts().archive.get(top[0].id) if top else None,
        columns={name: cards for name, cards in rest.items() if cards},
        trending=served(parts().boxes.trending(limit=8)),
    )


@site.get("/section/<any_text:name>")
def section(name: str) -> str | tuple[str, int]:
    """Show the newest articles of a section."""
    cards = _latest(_SECTION_LENGTH, name)
    if not cards:
        return _missing(name)
    return _page(
        "site/section.html", cards=cards, here=cards[0].section, trending=served(parts().boxes.trending(limit=8))
    )


@site.get("/articles/<any_text:article_id>")
def article(article_id: str) -> str | tuple[str, int]:
    """Show an article with both boxes."""
    found = parts().archive.get(article_id)
    if found is None or found.withdrawn:
        return _missing(article_id)
    return _page(
        "site/article.html",
        article=found,
        body=_body(found),
        caption=captions().get(article_id),
        here=found.section,
        boxes=served(parts().boxes.widgets(article_id)),
    )


@site.get("/pictures/<any_text:article_id>.svg")
def article_picture(article_id: str) -> Response:
    """Draw the picture of an article."""
    card = parts().archive.cards([article_id]).get(article_id)
    if card is None:
        abort(404, "no such article")
    drawn = Response(picture(card.id, card.section), mimetype="image/svg+xml")
    drawn.cache_control.public = True
    drawn.cache_control.max_age = 86_400
    return drawn


def _missing(asked_for: str) -> tuple[str, int]:
    return _page("site/missing.html", boxes=served(parts().boxes.widgets(asked_for))), 404


def _page(template: str, **shown: Any) -> str:
    return render_template(
        template,
        site_name=parts().settings.site_name,
        sections=[name for name in parts().boxes.front(per_section=1) if name],
        now=datetime.now(UTC),
        **shown,
    )


def _latest(count: int, section: str = "") -> list[Card]:
    archive = parts().archive
    ids = archive.latest(section_key(section), 0, count)
    cards = archive.cards(ids)
    return [cards[article_id] for article_id in ids if article_id in cards]


def _body(article: Article) -> Markup:
    """Return the body as safe HTML; links in it lead where they would on the newsroom's own page."""
    if nh3.is_html(article.body):
        return Markup(  # noqa: S704 - sanitised here
            nh3.clean(
                article.body,
                tags=_TAGS,
                attributes={"a": {"href"}},
                url_schemes={"http", "https"},
                url_relative=("rewrite_with_base", article.url),
            )
        )
    paragraphs = _BLANK_LINES.split(article.body.strip())
    return Markup("\n").join(Markup("<p>{}</p>").format(plain_text(text)) for text in paragraphs if text)


@site.app_template_filter()
def image(shown: Article | Card | Item) -> str | None:
    """Return the address of an article's picture, if it has one; the sample's are drawn by this site."""
    if shown.id in captions():
        return url_for("site.article_picture", article_id=shown.id)
    return shown.image_url


@site.app_template_filter()
def of_this_site(items: list[Item]) -> list[Item]:
    """Return the items of a box leading to this site's own pages, with its own pictures."""
    return [
        item.model_copy(update={"url": url_for("site.article", article_id=item.id), "image_url": image(item)})
        for item in items
    ]


@site.app_template_filter()
def standfirst(article: Article) -> str:
    """Return the summary as plain text."""
    return plain_text(article.summary).strip()


@site.app_template_filter()
def direction(language: str | None) -> str:
    """Return the direction in which a language is written; ``auto`` where the language is not known."""
    if language is None:
        return "auto"
    primary, *subtags = language.lower().split("-")
    return "rtl" if primary in _RIGHT_TO_LEFT or {"arab", "hebr"} & set(subtags) else "ltr"


@site.app_template_filter()
def day(moment: datetime) -> str:
    """Return a date as it is printed: Monday 3 November 2025."""
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


@site.app_template_filter()
def age(moment: datetime, now: datetime) -> str:
    """Return how long ago something was published; after a week, the date."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "Just now"
    hours, days = minutes // 60, minutes // 1440
    if days >= _RECENT_DAYS:
        return f"{moment.day} {moment:%B}" + (f" {moment.year}" if moment.year != now.year else "")
    count, unit = (days, "day") if days else (hours, "hour") if hours else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
