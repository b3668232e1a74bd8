"""The secrets: given by the operator, or on loopback made once and kept in the data directory."""

from __future__ import annotations

import functools
import ipaddress
import json
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from recommender.errors import ConfigurationError
from recommender.settings import Settings

__all__ = ["is_loopback", "with_secrets"]

_SHORTEST = 12
_LEAST_OWN = 8
"""Letters and digits that a secret must have besides the words of samples."""
_SAMPLES = (
    *("change", "please", "example", "sample", "secret", "password", "token", "editor", "your", "default", "12345"),
    *("letmein", "qwerty"),
)
"""What people write until they have something better."""
_NAMES = ("api_token", "editor_password")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address to listen on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def with_secrets(settings: Settings) -> Settings:
    """Return the settings with every secret set.

    Raises
    ------
    ConfigurationError
        Off loopback, when one is missing, short or looks like a sample.
    """
    if is_loopback(settings.host):
        kept = _kept(settings.data_dir / "secrets.json")
        made = {name: SecretStr(kept[name]) for name in _NAMES if getattr(settings, name) is None}
        return settings.model_copy(update=made)
    for name in _NAMES:
        if problem := _weakness(getattr(settings, name)):
            raise ConfigurationError(
                f"RECOMMENDER_{name.upper()} {problem}; listening on {settings.host} needs one of {_SHORTEST} or more "
                "characters, made for instance by: python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
            )
    return settings


def _weakness(secret: SecretStr | None) -> str:
    if secret is None:
        return "is missing"
    value = secret.get_secret_value()
    if len(value) < _SHORTEST or len(set(value)) < _SHORTEST / 2:
        return "is too short"
    own = functools.reduce(lambda text, sample: text.replace(sample, ""), _SAMPLES, value.casefold())
    return "looks like a sample" if sum(map(str.isalnum, own)) < _LEAST_OWN else ""


def _kept(path: Path) -> dict[str, str]:
    """Read the secrets made for a data directory, making what is not there."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in _NAMES if name not in kept]
    if missing:
        kept |= {name: secrets.token_urlsafe(24) for name in missing}
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - the mode
            json.dump(kept, file)
    return kept
