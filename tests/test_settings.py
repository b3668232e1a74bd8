"""Settings and secrets, and that the documentation names them all."""

from __future__ import annotations

import json
import re
import runpy
import stat
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import SecretStr

from recommender.cli import main
from recommender.errors import ConfigurationError
from recommender.secrets import is_loopback, with_secrets
from recommender.service import Service
from recommender.settings import Settings, load_settings
from recommender.web import create_app

DOCS = Path(__file__).parents[1] / "docs"
STRONG: dict[str, Any] = {"api_token": SecretStr("kq3vX9-wPz71_bLm"), "editor_password": SecretStr("hT5nR2_yQw86-cJd")}


def test_the_page_of_settings_is_written_from_the_table() -> None:
    """docs/configuration.md is what docs/write_configuration.py writes."""
    written = runpy.run_path(str(DOCS / "write_configuration.py"))["configuration"]()
    assert (DOCS / "configuration.md").read_text(encoding="utf-8") == written


def test_every_command_and_endpoint_is_documented(service: Service) -> None:
    """Commands stand in the README or the operations page, paths in the page about HTTP."""
    texts = (DOCS.parent / "README.md").read_text() + (DOCS / "operations.md").read_text()
    for command in main.list_commands(click.Context(main)):
        assert f"recommender {command}" in texts, command
    http = (DOCS / "http-api.md").read_text()
    for rule in create_app(service).url_map.iter_rules():
        if rule.rule.startswith(
            ("/v1/", "/widgets", "/embed/", "/feeds/", "/health/", "/metrics", "/openapi.json", "/docs")
        ):
            assert rule.rule in http, rule.rule


def test_settings_come_from_the_environment_and_keywords_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable sets, an empty one does not, a keyword overrides, None leaves it."""
    monkeypatch.setenv("RECOMMENDER_PORT", "9001")
    monkeypatch.setenv("RECOMMENDER_HOST", "")
    monkeypatch.setenv("RECOMMENDER_CORS_ORIGINS", "https://a.example, https://b.example")
    settings = load_settings(host=None)
    assert (settings.port, settings.host) == (9001, "127.0.0.1")
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert load_settings(port=9002).port == 9002


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", 0), ("workers", "x"), ("namespace", "a b"), ("no_such", 1), ("redis_url", "redis://:@redis:6379/0")],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings(**{name: value})


def test_on_loopback_secrets_are_made_once_and_kept_privately(tmp_path: Path) -> None:
    """Two starts give the same secrets, from a file that only its owner can read; a given secret stays."""
    made = with_secrets(Settings(data_dir=tmp_path))
    again = with_secrets(Settings(data_dir=tmp_path))
    assert made.api_token is not None
    assert made.api_token == again.api_token != made.editor_password
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "secrets.json").read_text())["api_token"] == made.api_token.get_secret_value()
    given = SecretStr("mine")
    assert with_secrets(Settings(data_dir=tmp_path, api_token=given)).api_token == given


@pytest.mark.parametrize(
    "secret", [None, "", "short", "aaaaaaaaaaaaaaaaaaaaaaaa", "change-me-please-soon", "my-PassWord-2026"]
)
@pytest.mark.parametrize("name", ["api_token", "editor_password"])
def test_off_loopback_weak_secrets_refuse_to_start(tmp_path: Path, name: str, secret: str | None) -> None:
    """Missing, short, or a sample's: refused with the variable's name, and nothing is made up."""
    weak = STRONG | {name: None if secret is None else SecretStr(secret)}
    with pytest.raises(ConfigurationError, match=f"RECOMMENDER_{name.upper()} "):
        with_secrets(Settings(data_dir=tmp_path, host="0.0.0.0", **weak))
    assert not list(tmp_path.iterdir())


def test_off_loopback_strong_secrets_are_taken(tmp_path: Path) -> None:
    """A word that samples use does no harm within more."""
    strong = STRONG | {"api_token": SecretStr("token-of-the-newsroom-7f3a")}
    settings = Settings(data_dir=tmp_path, host="0.0.0.0", **strong)
    assert with_secrets(settings) == settings


def test_loopback_is_what_only_this_machine_can_reach() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.0.1", "news.example", ""))


def test_secrets_are_never_shown() -> None:
    """Printed or logged settings hide them."""
    assert not re.search("kq3vX9|hT5nR2", repr(Settings(**STRONG)))
