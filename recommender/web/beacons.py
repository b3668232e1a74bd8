"""Beacons: what pages tell of their readers, views and boxes that were in sight."""

from __future__ import annotations

import time
from contextlib import suppress
from ipaddress import ip_address
from typing import Literal

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from recommender.clicks.impression import Impression
from recommender.errors import RedisUnavailable
from recommender.trending.bots import filter_reason
from recommender.trending.visitors import network_of
from recommender.view import View
from recommender.web.endpoint import body_as, endpoint, json_response
from recommender.web.parts import parts

__all__ = ["beacons"]

beacons = Blueprint("beacons", __name__, url_prefix="/v1")

_BEACON_BYTES = 4096
_RETRY_S = 2


class Accepted(BaseModel):
    """What was told is in Redis: counted, or filtered."""

    status: Literal["accepted"] = "accepted"


@beacons.post("/views")
@endpoint(tag="For the website", body=View, answer=Accepted, status=202)
def views() -> Response:
    """Report that a reader opened an article.

    Send it as `application/json` or `text/plain`. Give an `event_id` and a view may be sent again after an error
    without counting twice. Views by bots, of unknown articles, and repeats are accepted alike and not counted.

    With `source` (the box), `position` and `request_id` it is a click, and counts as one if the same visitor's
    impression of that box was counted.
    """
    service, metrics = parts(), current_app.extensions["metrics"]
    try:
        view = body_as(View, most_bytes=_BEACON_BYTES)
    except HTTPException:
        with suppress(RedisUnavailable), service.guard.calling():
            service.counters.note("malformed", now=time.time())
        raise
    now, visitor = time.time(), _visitor()
    try:
        with service.guard.calling():
            became = service.counters.count(
                view, now=now, visitor=visitor, network=_network(), reason=filter_reason(request.headers)
            )
            if followed := service.clicks.follow(view, became, now=now, visitor=visitor):
                metrics.clicks.labels(*followed).inc()
    except RedisUnavailable as error:
        metrics.refused_views.inc()
        raise ServiceUnavailable("views cannot be counted just now; send it again", retry_after=_RETRY_S) from error
    return json_response(Accepted(), 202)


@beacons.post("/impressions")
@endpoint(tag="For the website", body=Impression, answer=Accepted, status=202)
def impressions() -> Response:
    """Report that a box was in a reader's sight.

    Send it as `application/json` or `text/plain`, once for each box that was shown. It counts once for each visitor
    and `request_id`. Those of bots, and with a `request_id` that is none of ours or over a day old, are accepted
    alike and not counted.
    """
    shown, service = body_as(Impression, most_bytes=_BEACON_BYTES), parts()
    try:
        with service.guard.calling():
            outcome = service.clicks.show(
                shown, now=time.time(), visitor=_visitor(), reason=filter_reason(request.headers)
            )
    except RedisUnavailable as error:
        raise ServiceUnavailable("impressions cannot be counted just now", retry_after=_RETRY_S) from error
    current_app.extensions["metrics"].impressions.labels(shown.box, outcome).inc()
    return json_response(Accepted(), 202)


def _visitor() -> str:
    """Return what tells this connection from others."""
    return f"{request.remote_addr}\n{request.headers.get('User-Agent', '')}"


def _network() -> str | None:
    """Return the network the reader comes from, if that tells readers apart.

    The machine's own address does not; nor, unless proxies that are trusted vouch for it, does a private one, which is
    that of a proxy nobody told us of.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return None
    vouched = parts().settings.trusted_proxies > 0
    return network_of(address) if address.is_global or (vouched and not address.is_loopback) else None
