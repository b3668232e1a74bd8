"""The Lua scripts: what has to happen in Redis in one atomic step."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["script"]


@cache
def script(*names: str) -> str:
    """Return the text of the scripts ``<name>.lua``, one after the other.

    It is sent with every call: Redis knows it by its digest anyway, and nothing has to be loaded again after a restart.
    """
    return "\n".join((files(__package__) / f"{name}.lua").read_text(encoding="utf-8") for name in names)
