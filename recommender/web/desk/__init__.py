"""The editors' desk: pages under ``/desk`` and the same facts as JSON under ``/v1/desk``.

Each module holds one room: its facts, then the route that gives them as JSON, then the page that shows them. Every
route of the two blueprints asks for a signed-in user of the least role (see ``access``); whoever forgets to name one
gets the safe default.
"""

from __future__ import annotations

from flask import Flask

from recommender.web.desk import (
    clicks,
    correcting,
    looking_up,
    measuring,
    nights,
    now,
    people,
    preview,
    signing_in,
    tracing,
    trying_out,
    views,
)
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import init_pages

__all__ = ["init_desk"]

_ROOMS = (
    signing_in,
    now,
    looking_up,
    views,
    preview,
    correcting,
    measuring,
    clicks,
    tracing,
    nights,
    trying_out,
    people,
)


def init_desk(app: Flask) -> None:
    """Open the desk of an application."""
    for blueprint in (desk, desk_api):
        app.register_blueprint(blueprint)
    init_pages(app)
