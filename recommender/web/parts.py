"""The service behind the application that answers this request."""

from __future__ import annotations

from flask import current_app, request

from recommender.service import Service

__all__ = ["parts"]

_OF_EDITORS = frozenset(["desk", "desk_api", "editors"])
"""Blueprints whose requests may wait longer for Redis: a busy machine must not look like a dead one to a person."""


def parts() -> Service:
    """Return the service of the current application, with the patience that is due to who asks."""
    whose = "recommender for editors" if request.blueprint in _OF_EDITORS else "recommender"
    service = current_app.extensions[whose]
    assert isinstance(service, Service)  # noqa: S101 - for the type checker; `create_app` put it there
    return service
