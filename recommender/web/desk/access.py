"""Who may come in: the session's cookie, HTTP basic, or the single sign-on proxy; from which page, with which role."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Response, current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from recommender.desk.trace import STRANGER
from recommender.desk.users import Role, User, may
from recommender.trending.visitors import network_of
from recommender.web.parts import parts

__all__ = ["COOKIE", "admit", "least_role", "never_cached", "open_to_all", "signed_in", "user", "verified"]

log = structlog.get_logger()
View = TypeVar("View", bound=Callable[..., Any])

COOKIE = "desk"
_SAFE = frozenset(["GET", "HEAD", "OPTIONS"])
_OWN_SITES = frozenset(["same-origin", "none"])


def open_to_all(view: View) -> View:
    """Let a route be asked without signing in; a write has to come from our own pages all the same."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def least_role(role: Role) -> Callable[[View], View]:
    """Say which role a route asks for; without it, viewer for reading and editor for writing."""

    def mark(view: View) -> View:
        view.least_role = role  # type: ignore[attr-defined]
        return view

    return mark


def admit() -> None:
    """Stop a request that may not go on; runs before every view of the desk.

    Raises
    ------
    Unauthorized
        Without sign-in.
    Forbidden
        With too low a role, or when another site's page makes the browser write.
    TooManyRequests
        After too many wrong passwords.
    """
    view = current_app.view_functions[request.endpoint or ""]
    public, safe = getattr(view, "open_to_all", False), request.method in _SAFE
    if not safe:
        _require_own_page(needs_proof=not public)
    if public:
        return
    found = signed_in()
    if found is None:
        raise Unauthorized("sign in first", www_authenticate=WWWAuthenticate("basic", {"realm": "desk"}))
    role: Role = getattr(view, "least_role", "viewer" if safe else "editor")
    if not may(found, role):
        raise Forbidden(f"this is for the role {role} or above; {found.name} is {found.role}")
    g.user = found


def user() -> User:
    """Return who asks; for views that are not open to all."""
    found = g.user
    assert isinstance(found, User)  # noqa: S101 - for the type checker; `admit` put it there
    return found


def signed_in() -> User | None:
    """Return who asks, if somebody is signed in."""
    if name := _named_by_proxy():
        return parts().users.get(name)
    if request.authorization and request.authorization.type == "basic":
        return verified(request.authorization.username or "", request.authorization.password or "")
    if token := request.cookies.get(COOKIE):
        # What a page asks for by itself, again and again, must not keep a session of nobody alive.
        renew = "HX-Request" not in request.headers or request.method not in _SAFE
        with parts().desk_guard.calling():
            return parts().sessions.user(token, now=time.time(), renew=renew)
    return None


def verified(name: str, password: str) -> User | None:
    """Return the user with this name and password, None when they are wrong.

    Raises
    ------
    TooManyRequests
        When this address or this name had too many wrong ones just now.
    """
    service = parts()
    # Without the counts of failures nobody may guess, so that without Redis there is no sign-in.
    with service.desk_guard.calling():
        who = (f"address {request.remote_addr}", f"name {name.casefold()}")
        if wait_s := service.throttle.wait_s(*who):
            raise TooManyRequests("too many wrong passwords; wait a while", retry_after=wait_s)
        found = service.users.verify(name, password)
        if found is None:
            failures = service.throttle.failed(*who)
            log.warning("sign_in_failed")
            if service.throttle.is_news(*who):
                _trace_failure(name, failures)
        return found


def _trace_failure(name: str, failures: int) -> None:
    """Tell of a failed sign-in; not the name where no user has it, since people type passwords there."""
    known = parts().users.get(name)
    try:
        network = network_of(ipaddress.ip_address(request.remote_addr or ""))
    except ValueError:
        network = None
    after = {"failures in ten minutes": failures, "from": network}
    parts().trace.add(STRANGER, "sign-in failed", known.name if known else "a name of no user", after=after)


def never_cached(response: Response) -> Response:
    """Keep an answer of the desk out of every cache and every other site's pages."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _named_by_proxy() -> str | None:
    """Return the user whom the single sign-on proxy names; the same header from anybody else says nothing."""
    settings = parts().settings
    if not settings.sso_header or not (name := request.headers.get(settings.sso_header)):
        return None
    before_proxies: dict[str, str] = request.environ.get("werkzeug.proxy_fix.orig", {})
    peer = ipaddress.ip_address(before_proxies.get("REMOTE_ADDR") or request.environ["REMOTE_ADDR"])
    return name if any(peer in network for network in settings.sso_proxies) else None


def _require_own_page(*, needs_proof: bool) -> None:
    """Refuse a write that a page of another site makes the browser send.

    A browser says where a write comes from; what says nothing has to show a password of its own with the request,
    which no page can make a browser do.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site not in _OWN_SITES:
        raise Forbidden("this was sent by a page of another site")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden(
            f"this was sent from {origin}, and we are {request.host}; behind a proxy, RECOMMENDER_TRUSTED_PROXIES says "
            "how many there are"
        )
    if needs_proof and site is None and origin is None and not request.authorization:
        raise Forbidden("the browser does not say which page sent this (no Origin, no Sec-Fetch-Site)")
