"""Every route of the desk, found by walking them: what writes is signed in, of the right role, our own, and traced.

A route that nobody described here fails the build.
"""

from __future__ import annotations

import copy
import functools
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from recommender.desk.correction import CorrectionRequest
from recommender.desk.users import ROLES, Role
from recommender.related.packing import pack
from recommender.service import Service
from tests.conftest import BROWSER, Publish
from tests.experiments.trying import experiment_form, request
from tests.newsroom import article

SAFE = {"GET", "HEAD", "OPTIONS"}
PASSWORD = "a-password-of-the-tests"
OWN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
FOREIGN = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
)
BAN = {"kind": "ban", "article_id": "a", "reason": "a test"}
TABLE = b"kind,article_id,reason\nban,a,a test\n"


class Write(NamedTuple):
    """How a route is asked rightly, and what the trace then says."""

    role: Role
    action: str
    sent: Callable[[Service], dict[str, Any]]


def correction_id(service: Service) -> str:
    return service.corrections.add(CorrectionRequest.model_validate(BAN), by="a test").id


def older_version(service: Service) -> str:
    for day in (1, 2):
        opened = service.lists.publishing(lock_s=10, keep=2, now=datetime(2026, 1, day, tzinfo=UTC))
        with opened as publication:
            publication.write([("a", pack({"b": 0.5}))])
            publication.publish({})
    return next(iter(service.lists.versions()))


def running_experiment(service: Service) -> str:
    return service.experiments.start(request(), by="a test").name


WRITES = {
    "POST /desk/sign-out": Write("viewer", "signed out", lambda _: {}),
    "DELETE /v1/desk/session": Write("viewer", "signed out", lambda _: {}),
    "POST /desk/corrections": Write("editor", "correction added", lambda _: {"data": BAN}),
    "POST /desk/corrections/undo": Write(
        "editor", "correction undone", lambda service: {"data": {"id": correction_id(service)}}
    ),
    "POST /desk/corrections/import": Write(
        "editor", "correction added", lambda _: {"data": {"table": (io.BytesIO(TABLE), "t.csv")}}
    ),
    "POST /v1/desk/corrections": Write("editor", "correction added", lambda _: {"json": BAN}),
    "DELETE /v1/desk/corrections": Write(
        "editor", "correction undone", lambda service: {"query_string": {"id": correction_id(service)}}
    ),
    "POST /v1/desk/corrections.csv": Write("editor", "correction added", lambda _: {"data": TABLE}),
    "POST /desk/people": Write("admin", "user added", lambda _: {"data": {"name": "new", "role": "viewer"}}),
    "POST /desk/people/role": Write("admin", "role changed", lambda _: {"data": {"name": "spare", "role": "editor"}}),
    "POST /desk/people/password": Write("admin", "password changed", lambda _: {"data": {"name": "spare"}}),
    "POST /desk/people/remove": Write("admin", "user removed", lambda _: {"data": {"name": "spare"}}),
    "POST /v1/desk/users": Write("admin", "user added", lambda _: {"json": {"name": "new", "role": "viewer"}}),
    "PATCH /v1/desk/users": Write(
        "admin", "role changed", lambda _: {"json": {"role": "editor"}, "query_string": {"name": "spare"}}
    ),
    "DELETE /v1/desk/users": Write("admin", "user removed", lambda _: {"query_string": {"name": "spare"}}),
    "POST /desk/nights/current": Write(
        "editor", "model rolled back", lambda service: {"data": {"version": older_version(service)}}
    ),
    "POST /v1/desk/nights/current": Write(
        "editor", "model rolled back", lambda service: {"json": {"version": older_version(service)}}
    ),
    "POST /desk/experiments": Write("editor", "experiment started", lambda _: {"data": experiment_form()}),
    "POST /desk/experiments/end": Write(
        "editor", "experiment ended", lambda service: {"data": {"name": running_experiment(service)}}
    ),
    "POST /v1/desk/experiments": Write(
        "editor", "experiment started", lambda _: {"json": request().model_dump(mode="json")}
    ),
    "DELETE /v1/desk/experiments": Write(
        "editor", "experiment ended", lambda service: {"query_string": {"name": running_experiment(service)}}
    ),
}
SIGNING_IN = {"POST /desk/sign-in", "POST /v1/desk/session"}
"""The writes of those who are not signed in yet; test_desk_access.py is about them."""


def desk_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(("/desk", "/v1/desk", "/v1/explain"))]


@pytest.fixture(autouse=True)
def house(service: Service, publish: Publish) -> None:
    publish(article("a"), article("b"))
    for role in ROLES:
        service.users.add(role if role != "editor" else "anna", role, PASSWORD, by="a test")
    service.users.add("spare", "viewer", PASSWORD, by="a test")


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Role], FlaskClient]:
    def client(role: Role) -> FlaskClient:
        made = app.test_client()
        made.environ_base["HTTP_USER_AGENT"] = BROWSER["User-Agent"]
        form = {"name": role if role != "editor" else "anna", "password": PASSWORD}
        assert made.post("/desk/sign-in", data=form, headers=OWN).status_code == 303
        return made

    return client


def ask(client: FlaskClient, route: str, headers: dict[str, str], sent: dict[str, Any]) -> TestResponse:
    method, path = route.split()
    return client.open(path, method=method, headers=headers, **sent)


def refused(response: TestResponse) -> bool:
    to_sign_in = response.status_code == 303 and (response.location or "").startswith("/desk/sign-in?next=")
    return response.status_code in {401, 403} or to_sign_in


def test_every_route_that_writes_is_known_here(app: Flask) -> None:
    """Walked, not listed: a new one needs its line above, and with it a role and an action in the trace."""
    found = {
        f"{method} {rule.rule}" for rule in desk_rules(app) for method in (rule.methods or set()) - SAFE
    }  # fmt: skip
    assert found == WRITES.keys() | SIGNING_IN


@pytest.mark.parametrize("route", WRITES)
def test_a_write_asks_for_everything(
    route: str, client: FlaskClient, signed_in: Callable[[Role], FlaskClient], service: Service
) -> None:
    """Refused without a session, with the next lower role, from any other site; else done, and traced by name."""
    write = WRITES[route]
    sent = write.sent(service)
    allowed = signed_in(write.role)
    entries = service.trace.entries()
    again = functools.partial(copy.deepcopy, sent)  # a file is read once
    tries = [ask(client, route, OWN, again()), *(ask(allowed, route, headers, again()) for headers in (*FOREIGN, {}))]
    assert all(refused(response) for response in tries)
    assert service.trace.entries() == entries
    if write.role != "viewer":
        lower = signed_in(ROLES[ROLES.index(write.role) - 1])
        assert ask(lower, route, OWN, again()).status_code == 403
        assert service.trace.entries(limit=1)[0].action == "signed in"

    response = ask(allowed, route, OWN, again())
    assert response.status_code in {200, 201, 303}, response.text
    latest = service.trace.entries(limit=1)[0]
    assert latest.action == write.action
    assert latest.who == {"viewer": "viewer", "editor": "anna", "admin": "admin"}[write.role]


def test_every_route_that_reads_asks_for_sign_in(app: Flask, client: FlaskClient) -> None:
    """But for the sign-in page; and no answer of the desk may be kept."""
    for rule in desk_rules(app):
        if "GET" in (rule.methods or set()) and not rule.arguments and rule.rule != "/desk/sign-in":
            response = client.get(rule.rule)
            assert refused(response), rule.rule
            assert response.headers["Cache-Control"] == "no-store", rule.rule


def test_a_script_shows_its_password_instead(client: FlaskClient, service: Service) -> None:
    """With HTTP basic a write without Origin is taken: no page can make a browser send that."""
    assert client.post("/v1/desk/corrections", json=BAN, auth=("anna", PASSWORD)).status_code == 201
    evil = {"Origin": "https://evil.example"}
    assert client.post("/v1/desk/corrections", json=BAN, auth=("anna", PASSWORD), headers=evil).status_code == 403
    assert service.trace.entries(limit=1)[0].who == "anna"


def test_nothing_an_article_or_editor_writes_runs_in_a_browser(
    service: Service, publish: Publish, signed_in: Callable[[Role], FlaskClient]
) -> None:
    """Titles, reasons and names are text on every page."""
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    publish(article("x", title=bad, section=bad))
    wanted = {"kind": "ban", "article_id": "x", "reason": bad, "section": bad}
    service.corrections.add(CorrectionRequest.model_validate(wanted), by=bad)
    admin = signed_in("admin")
    for path in (
        "/desk/corrections",
        f"/desk/corrections?article_id={bad}",
        "/desk/trace",
        f"/desk/trace?subject={bad}",
    ):
        text = admin.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    failed = admin.post("/desk/corrections", data={"kind": bad, "article_id": bad, "reason": bad}, headers=OWN)
    assert failed.status_code == 400
    assert "<script>alert" not in failed.text
