"""Who may come in to the desk, from where, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from flask import Flask
from flask.testing import FlaskClient

from recommender.errors import ConfigurationError
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import Service, open_service
from recommender.settings import Settings, load_settings
from recommender.web import create_app

PASSWORD = "an-editor-of-the-tests"
OWN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def sign_in(client: FlaskClient, name: str = "editor", password: str = PASSWORD) -> None:
    response = client.post("/desk/sign-in", data={"name": name, "password": password}, headers=OWN)
    assert (response.status_code, response.location) == (303, "/desk/")


def test_a_page_asks_for_sign_in_and_then_comes_back(client: FlaskClient) -> None:
    """Who is not signed in is led to the sign-in page, and from there to where the way led, never to another site."""
    response = client.get("/desk/trace?who=editor")
    assert response.status_code == 303
    assert response.location == "/desk/sign-in?next=%2Fdesk%2Ftrace%3Fwho%3Deditor"
    page = client.get(response.location)
    assert 'value="/desk/trace?who=editor"' in page.text
    for wanted, lands in (("/desk/trace", "/desk/trace"), ("https://evil.example", "/desk/"), ("//evil", "/desk/")):
        form = {"name": "editor", "password": PASSWORD, "next": wanted}
        assert client.post("/desk/sign-in", data=form, headers=OWN).location == lands
    assert client.get("/desk/trace").status_code == 200


def test_a_page_of_the_desk_is_kept_by_no_cache_and_runs_no_script_of_its_own(client: FlaskClient) -> None:
    """No-store, a policy without inline scripts and styles, no frame around it; and the page holds neither."""
    sign_in(client)
    for path in ("/desk/sign-in", "/desk/trace", "/v1/desk/trace"):
        assert client.get(path).headers["Cache-Control"] == "no-store"
    page = client.get("/desk/trace")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script>|\son\w+=|\sstyle=|<style", page.text)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client: FlaskClient) -> None:
    """HttpOnly and SameSite; Secure where the page came by https."""
    form = {"name": "editor", "password": PASSWORD}
    cookie = client.post("/desk/sign-in", data=form, headers=OWN).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = client.post("/desk/sign-in", data=form, base_url="https://localhost", headers={"Sec-Fetch-Site": "none"})
    assert "Secure" in secure.headers["Set-Cookie"].split("; ")


def test_signing_out_ends_the_session_itself(client: FlaskClient) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    sign_in(client)
    cookie = client.get_cookie("desk")
    assert cookie
    client.post("/desk/sign-out", headers=OWN)
    client.set_cookie("desk", cookie.value)
    assert client.get("/v1/desk/session").status_code == 401


def test_another_password_or_no_user_ends_every_session(client: FlaskClient, service: Service) -> None:
    service.users.add("anna", "viewer", "a-password-of-anna", by="a test")
    sign_in(client, "anna", "a-password-of-anna")
    assert client.get("/v1/desk/session").get_json() == {"name": "anna", "role": "viewer", "has_password": True}
    service.users.set_password("anna", "another-password", by="a test")
    assert client.get("/v1/desk/session").status_code == 401
    sign_in(client, "anna", "another-password")
    service.users.remove("anna", by="a test")
    assert client.get("/v1/desk/session").status_code == 401


def test_sessions_end_by_themselves(service: Service) -> None:
    """Unused for an hour, or twelve hours old however much used; what pages poll does not count as use."""
    editor = service.users.get("editor")
    assert editor
    token = service.sessions.open(editor, now=0)
    (key,) = service.redis.keys("*session*")
    assert token not in key
    assert token not in str(service.redis.get(key))
    assert service.redis.ttl(key) == 3600
    service.redis.expire(key, 10)
    assert service.sessions.user(token, now=100, renew=False) == editor
    assert service.redis.ttl(key) <= 10
    assert service.sessions.user(token, now=43_000, renew=True) == editor
    assert service.redis.ttl(key) == 200
    assert service.sessions.user(token, now=43_200, renew=True) is None


def test_a_guesser_has_to_wait(client: FlaskClient, settings: Settings) -> None:
    """After ten wrong passwords the right one is not looked at either, by page or by HTTP basic; others go on."""
    for number in range(settings.sign_in_failures):
        assert client.get("/v1/desk/session", auth=("editor", f"guess {number}")).status_code == 401
    form = {"name": "editor", "password": PASSWORD}
    response = client.post("/desk/sign-in", data=form, headers=OWN)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 601
    assert client.get("/v1/desk/session", auth=("editor", PASSWORD)).status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/v1/desk/session", auth=("somebody", PASSWORD), environ_base=elsewhere).status_code == 401


def test_failed_sign_ins_are_in_the_trace(client: FlaskClient, service: Service, settings: Settings) -> None:
    """The first of a name or address and the one after which it waits, with the network and a count, not one by one."""
    for number in range(settings.sign_in_failures + 5):
        client.get("/v1/desk/session", auth=("Editor", f"guess {number}"), environ_base={"REMOTE_ADDR": "203.0.113.9"})
    last, first = service.trace.entries(action="sign-in failed")
    assert (first.who, first.subject) == ("not signed in", "editor")
    assert first.after == {"failures in ten minutes": 1, "from": "203.0.113.0/24"}
    assert last.after == {"failures in ten minutes": settings.sign_in_failures, "from": "203.0.113.0/24"}
    client.get("/v1/desk/session", auth=("my-own-password", "x"), environ_base={"REMOTE_ADDR": "2001:db8:1::7"})
    (latest,) = service.trace.entries(limit=1)
    assert (latest.subject, (latest.after or {})["from"]) == ("a name of no user", "2001:db8:1::/48")


def test_no_crowd_of_guessers_fills_the_trace(client: FlaskClient, service: Service) -> None:
    """From as many addresses and by as many names as may be, twenty entries in ten minutes are all."""
    for number in range(30):
        address = {"REMOTE_ADDR": f"203.0.{number}.9"}
        assert client.get("/v1/desk/session", auth=(f"name{number}", "x"), environ_base=address).status_code == 401
    assert len(service.trace.entries(limit=50)) == 20


def test_neither_address_nor_name_of_a_guesser_is_kept(client: FlaskClient, service: Service) -> None:
    client.get("/v1/desk/session", auth=("anna", "wrong"), environ_base={"REMOTE_ADDR": "203.0.113.9"})
    keys = [str(key) for key in service.redis.keys("*sign-ins*")]
    assert len(keys) == 3
    assert not any("203.0.113.9" in key or "anna" in key for key in keys)
    assert all(key.startswith("{tests}") and 0 < service.redis.ttl(key) <= 600 for key in keys)


# Single sign-on


@pytest.fixture
def proxied(settings: Settings, redis_server: EmbeddedRedis, service: Service) -> Iterator[Flask]:
    service.users.add("anna", "editor", None, by="a test")
    changed = settings.model_copy(
        update={"sso_header": "X-Remote-User", "sso_proxies": (ip_network("10.0.0.0/24"),), "trusted_proxies": 1}
    )
    with open_service(changed, redis_server.url) as opened:
        yield create_app(opened)


def test_the_proxy_names_the_user(proxied: Flask) -> None:
    """Only from its own address, whatever X-Forwarded-For claims, and only a user whom the desk knows."""
    client = proxied.test_client()

    def status(name: str, peer: str, **headers: str) -> int:
        sent = {"X-Remote-User": name} | headers
        return client.get("/v1/desk/session", headers=sent, environ_base={"REMOTE_ADDR": peer}).status_code

    assert status("anna", "10.0.0.7") == 200
    assert status("nobody", "10.0.0.7") == 401
    assert status("anna", "10.0.1.7") == 401
    assert status("anna", "192.0.2.1", **{"X-Forwarded-For": "10.0.0.7"}) == 401
    assert status("anna", "10.0.0.7", **{"X-Forwarded-For": "192.0.2.1"}) == 200


@pytest.mark.parametrize("proxies", ["", "0.0.0.0/0", "10.0.0.1, ::/0", "not an address"])
def test_a_header_that_everybody_could_send_is_refused(proxies: str) -> None:
    with pytest.raises(ConfigurationError, match="sso_proxies"):
        load_settings(sso_header="X-Remote-User", sso_proxies=proxies)


def test_without_redis_nobody_signs_in_and_the_page_says_why(app: Flask, service: Service, tmp_path: object) -> None:
    """503 with what readers get meanwhile, not a stack trace."""
    with open_service(service.settings, f"unix://{tmp_path}/nowhere.sock", timeout_s=0.1) as away:
        client = create_app(away).test_client()
        response = client.post("/desk/sign-in", data={"name": "editor", "password": PASSWORD}, headers=OWN)
        assert response.status_code == 503
        assert "Redis is away" in response.text
        client.set_cookie("desk", "a-token-that-cannot-be-looked-up")
        closed = client.get("/desk/trace?who=anna")
        assert closed.status_code == 503
        assert "The desk is closed for a moment" in closed.text
        assert 'href="/desk/trace?who=anna"' in closed.text
    assert app
