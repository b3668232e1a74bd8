"""Errors in one shape: ``{"error": {"code": ..., "message": ...}}``, never a stack trace."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException, InternalServerError

__all__ = ["http_error", "init_errors"]

log = structlog.get_logger()


def init_errors(app: Flask) -> None:
    """Answer every error of an application in the one shape."""
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, _unexpected)


def http_error(error: HTTPException) -> Response:
    """Return an error in the one shape."""
    if error.code is None or error.response is not None:
        return Response(error.get_response().get_data(), error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = HTTPStatus(error.code).name.lower()
    response = Response(
        json.dumps({"error": {"code": code, "message": error.description}}), error.code, mimetype="application/json"
    )
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers.add(name, value)
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected_error", endpoint=request.endpoint, exc_info=error)
    return http_error(InternalServerError("something went wrong on our side; it has been logged"))
