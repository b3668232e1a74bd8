"""The Lua scripts: what has to happen in Redis in one atomic step."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

__all__ = ["constants", "script"]


@cache
def script(*names: str) -> str:
    """Return the text of the scripts ``<name>.lua``, one after the other."""
    return "\n".join((files(__package__) / f"{name}.lua").read_text(encoding="utf-8") for name in names)


def constants(**values: object) -> str:
    """Return Lua that names values (numbers, text, lists, mappings): Redis reads it once, not at every call."""
    return "".join(f"local {name} = {_literal(value)}\n" for name, value in values.items())


def _literal(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{name} = {_literal(one)}" for name, one in value.items()) + "}"
        case list() | tuple():
            return "{" + ", ".join(map(_literal, value)) + "}"
    return json.dumps(value)
