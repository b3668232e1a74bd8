"""Writes ``configuration.md`` from the table of settings; a test holds the two together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic_core import PydanticUndefined

from recommender.settings import Settings

FILE = Path(__file__).parent / "configuration.md"

_HEAD = """# Configuration

Every setting is read from the environment when a process starts; an empty variable counts as unset. Names end in their
unit where they have one. This page is written by `python docs/write_configuration.py` from `recommender/settings.py`.

Off loopback (`RECOMMENDER_HOST` is not 127.0.0.1, ::1 or localhost) the service refuses to start with a secret that is
missing, shorter than 12 characters, or looks like a sample. On loopback missing secrets are made once and kept in
`secrets.json` in the data directory, readable by its owner only.

| variable | default | what it is |
| --- | --- | --- |
"""


def configuration() -> str:
    """Return the page."""
    return _HEAD + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, PydanticUndefined) else field.default
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        shown = f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else "unset"
        yield f"| `RECOMMENDER_{name.upper()}` | {shown} | {field.description} |"


if __name__ == "__main__":
    FILE.write_text(configuration(), encoding="utf-8")
