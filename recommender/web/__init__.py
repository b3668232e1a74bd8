"""The web application."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, render_template
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from recommender.service import Service
from recommender.web.beacons import beacons
from recommender.web.caching import init_compression
from recommender.web.desk import init_desk
from recommender.web.editors import editors
from recommender.web.embed import embed
from recommender.web.endpoint import openapi
from recommender.web.errors import init_errors
from recommender.web.feeds import feeds
from recommender.web.health import health
from recommender.web.metrics import init_metrics
from recommender.web.newsroom import newsroom
from recommender.web.public import public
from recommender.web.site import site

__all__ = ["create_app"]

_CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' https: http:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)


def create_app(service: Service, editors_service: Service | None = None) -> Flask:
    """Make the application of a service.

    Parameters
    ----------
    service : Service
    editors_service : Service, optional
        The same for editors' requests, which may wait longer for Redis than a page may.
    """
    app = Flask(__name__)
    app.extensions["recommender"] = service
    app.extensions["recommender for editors"] = editors_service or service
    app.url_map.merge_slashes = False  # ids may hold several in a row
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_errors(app)
    init_metrics(app, service)
    CORS(
        app,
        resources=r"/(v1/(related|trending|widgets|views|impressions|experiment)|widgets\.(js|css)|embed/.*|feeds/.*)",
        origins=list(service.settings.cors_origins),
        send_wildcard=True,  # the same for every origin, so that a cache may keep it
        methods=["GET", "POST"],
        max_age=86_400,
    )
    for blueprint in (public, beacons, embed, feeds, newsroom, editors, health, site):
        app.register_blueprint(blueprint)
    init_desk(app)
    _init_docs(app)
    init_compression(app)
    app.after_request(_harden)
    if hops := service.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _init_docs(app: Flask) -> None:

    @app.get("/openapi.json")
    def specification() -> Response:
        """Give the OpenAPI document."""
        return jsonify(openapi.spec)

    @app.get("/docs")
    def docs() -> str:
        """Show the OpenAPI document to people."""
        spec: dict[str, Any] = openapi.spec
        return render_template("docs.html", spec=spec)


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", _CONTENT_POLICY)
    return response
