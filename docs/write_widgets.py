"""Writes ``widgets.min.js``, which the service serves: the script in short, with its style sheet and labels put in.

A test holds it and its sources together.
"""

from __future__ import annotations

import json
from pathlib import Path

import minify

DIRECTORY = Path(__file__).parents[1] / "recommender" / "web" / "static" / "widgets"
FILE = DIRECTORY / "widgets.min.js"


def script() -> str:
    """Return the script; the running experiment is put in by the service."""
    labels = json.dumps(json.loads(_read("labels.json")), ensure_ascii=False, separators=(",", ":"))
    style = json.dumps(minify.string("text/css", _read("widgets.css")))
    short: str = minify.string("text/javascript", _read("widgets.js"))
    return short.replace("__STYLE__", style).replace("__LABELS__", labels) + "\n"


def _read(name: str) -> str:
    return (DIRECTORY / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    FILE.write_text(script(), encoding="utf-8")
