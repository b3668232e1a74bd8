"""The two blueprints of the desk: pages, and the same facts as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, redirect, request, url_for
from redis.exceptions import RedisError
from werkzeug.exceptions import BadRequest, HTTPException, ServiceUnavailable, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from recommender.errors import CorrectionRefused, ExperimentRefused, RedisUnavailable, UserRefused
from recommender.web.desk.access import admit, never_cached
from recommender.web.desk.pages import page
from recommender.web.errors import http_error

__all__ = ["desk", "desk_api"]

log = structlog.get_logger()

desk = Blueprint("desk", __name__, url_prefix="/desk")
desk_api = Blueprint("desk_api", __name__, url_prefix="/v1/desk")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: http: data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

for _blueprint in (desk, desk_api):
    _blueprint.before_request(admit)
    _blueprint.after_request(never_cached)


@desk.after_request
def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response


@desk.errorhandler(HTTPException)
def _error_page(error: HTTPException) -> Any:
    """Show what went wrong; who is not signed in is led to the sign-in page and back."""
    if isinstance(error, Unauthorized):
        asked_for = request.full_path.rstrip("?") if request.method == "GET" else url_for("desk.now")
        address = f"{url_for('desk.sign_in')}?{urlencode({'next': asked_for})}"
        if "HX-Request" in request.headers:
            return Response(status=401, headers={"HX-Redirect": url_for("desk.sign_in")})
        return redirect(address, 303)
    again = request.full_path.rstrip("?") if request.method == "GET" and error.code == ServiceUnavailable.code else None
    response = Response(page("desk/error.html", error=error, again=again), error.code or 500)
    response.headers.extend({name: value for name, value in error.get_headers() if name == "Retry-After"})
    return response


@desk.errorhandler(CorrectionRefused)
@desk.errorhandler(ExperimentRefused)
@desk.errorhandler(UserRefused)
def _refusal_page(error: Exception) -> Any:
    return _error_page(BadRequest(str(error)))


@desk.errorhandler(RedisError)
@desk.errorhandler(RedisUnavailable)
def _away_page(error: Exception) -> Any:
    return _error_page(_away(error))


@desk_api.errorhandler(CorrectionRefused)
@desk_api.errorhandler(ExperimentRefused)
@desk_api.errorhandler(UserRefused)
def _refusal(error: Exception) -> AnyResponse:
    return http_error(BadRequest(str(error)))


@desk_api.errorhandler(RedisError)
@desk_api.errorhandler(RedisUnavailable)
def _away_answer(error: Exception) -> AnyResponse:
    return http_error(_away(error))


def _away(error: Exception) -> ServiceUnavailable:
    log.warning("desk_closed", path=request.path, error=repr(error))
    return ServiceUnavailable(
        "Redis is away. Readers get the last good lists, with the corrections that were in force; the desk opens again "
        "as soon as Redis is back.",
        retry_after=2,
    )
