"""What all pages of the desk share: the frame, the rooms to go to, and how moments are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Flask, g, render_template, request

from recommender.desk.users import Role, may
from recommender.web.desk.moments import zone
from recommender.web.parts import parts

__all__ = ["ROOMS", "Room", "init_pages", "page"]


class Room(NamedTuple):
    """A place in the navigation."""

    name: str
    endpoint: str
    role: Role = "viewer"


ROOMS = (
    Room("Now", "desk.now"),
    Room("Article", "desk.article"),
    Room("Corrections", "desk.corrections"),
    Room("Measure", "desk.measure"),
    Room("Clicks", "desk.clicks"),
    Room("Nights", "desk.nights"),
    Room("Experiments", "desk.experiments"),
    Room("Trace", "desk.trace"),
    Room("People", "desk.people", "admin"),
)
"""In the order of the navigation."""


def page(template: str, **shown: Any) -> str:
    """Render a page of the desk."""
    settings = parts().settings
    return render_template(
        template,
        user=g.get("user"),
        rooms=ROOMS,
        here=request.endpoint,
        site_name=settings.site_name,
        zone_name=settings.time_zone,
        now=datetime.now(UTC),
        **shown,
    )


def init_pages(app: Flask) -> None:
    """Give templates the filters for moments."""
    app.add_template_filter(_moment, "moment")
    app.add_template_filter(_entered, "entered")
    app.add_template_filter(_span, "span")
    app.add_template_filter(may, "may")


def _moment(at: datetime) -> str:
    """Return a moment as people read it, in the desk's time zone and with its name."""
    local = at.astimezone(zone())
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def _entered(at: datetime) -> str:
    """Return a moment as a form's field holds it, in the desk's time zone."""
    return f"{at.astimezone(zone()):%Y-%m-%dT%H:%M}"


def _span(seconds: float) -> str:
    """Return a length of time as people say it, in its largest unit."""
    for unit, length in (("y", 365 * 86_400), ("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
