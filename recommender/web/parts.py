"""The service behind the application that answers this request."""

from __future__ import annotations

from flask import current_app

from recommender.service import Service

__all__ = ["parts"]


def parts() -> Service:
    """Return the service of the current application."""
    service = current_app.extensions["recommender"]
    assert isinstance(service, Service)  # noqa: S101 - for the type checker; `create_app` put it there
    return service
