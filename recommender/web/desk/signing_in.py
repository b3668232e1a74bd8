"""Signing in and out."""

from __future__ import annotations

import time
from typing import Any

from flask import Response, redirect, request, url_for
from pydantic import BaseModel, Field
from werkzeug.exceptions import TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from recommender.desk.users import User
from recommender.web.desk.access import COOKIE, least_role, open_to_all, signed_in, user, verified
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.endpoint import body_as, endpoint, json_response
from recommender.web.parts import parts

__all__: list[str] = []

_BODY_BYTES = 4096
_WRONG = "The name or the password is wrong."


class Credentials(BaseModel):
    """A name and a password."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256)


@desk_api.get("/session")
@endpoint(tag="For editors", answer=User, signed_in=True)
def who_am_i() -> Response:
    """Say who is signed in, and with which role."""
    return json_response(user())


@desk_api.post("/session")
@endpoint(tag="For editors", body=Credentials, answer=User)
@open_to_all
def open_session() -> AnyResponse:
    """Sign in: the answer sets a cookie. Scripts may rather send HTTP basic with every request."""
    given = body_as(Credentials, most_bytes=_BODY_BYTES)
    found = verified(given.name, given.password)
    if found is None:
        raise Unauthorized(_WRONG)
    return _welcome(found, json_response(found))


@desk_api.delete("/session")
@endpoint(tag="For editors", answer=User, signed_in=True)
@least_role("viewer")
def end_session() -> AnyResponse:
    """Sign out."""
    return _farewell(json_response(user()))


@desk.get("/sign-in")
@open_to_all
def sign_in() -> Any:
    """Show the sign-in page."""
    return redirect(_destination()) if signed_in() else page("desk/sign_in.html", next=_destination())


@desk.post("/sign-in")
@open_to_all
def take_sign_in() -> Any:
    """Sign in and go where one was going."""
    request.max_content_length = _BODY_BYTES
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    problem, status, headers = _WRONG, 401, {}
    try:
        if found := verified(name, password):
            return _welcome(found, redirect(_destination(), 303))
    except TooManyRequests as error:
        problem, status, headers = "Too many wrong passwords. Wait a few minutes.", 429, dict(error.get_headers())
        headers = {"Retry-After": headers["Retry-After"]}
    return page("desk/sign_in.html", next=_destination(), name=name, problem=problem), status, headers


@desk.post("/sign-out")
@least_role("viewer")
def sign_out() -> AnyResponse:
    """Sign out."""
    return _farewell(redirect(url_for("desk.sign_in"), 303))


def _destination() -> str:
    """Return where to go after signing in: a page of the desk, never another site."""
    wanted = request.values.get("next", "")
    return wanted if wanted.startswith("/desk/") and wanted.isprintable() and "\\" not in wanted else "/desk/"


def _welcome(found: User, response: AnyResponse) -> AnyResponse:
    with parts().desk_guard.calling():
        token = parts().sessions.open(found, now=time.time())
    parts().trace.add(found.name, "signed in", found.name)
    response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _farewell(response: AnyResponse) -> AnyResponse:
    if token := request.cookies.get(COOKIE):
        with parts().desk_guard.calling():
            parts().sessions.end(token)
    parts().trace.add(user().name, "signed out", user().name)
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response
