"""The command line: finds the command that is asked for, and imports no other."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import ClassVar, NoReturn

import click

from recommender.server import configure_logs

__all__ = ["main"]


class Commands(click.Group):
    """A group whose commands are imported when they are called: what training needs takes seconds to import."""

    places: ClassVar = {
        "up": "serving:up",
        "serve": "serving:serve_command",
        "import": "articles:import_command",
        "views": "views:views_command",
        "train": "training:train_command",
        "refresh": "training:refresh_command",
        "models": "versions:models",
        "rollback": "versions:rollback",
        "diff": "versions:diff_command",
        "related": "lists:related",
        "trending": "lists:trending",
        "explain": "lists:explain_command",
        "report": "reporting:report",
        "evaluate": "evaluation:evaluate",
        "users": "people:users",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click has it
        """Return the names of all commands, in the order in which they are met."""
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click has it
        """Import a command."""
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"recommender.commands.{module}"), name)
        return command


@click.group(cls=Commands)
@click.version_option(package_name="recommender")
def main() -> None:
    """Fill a news site's Related Articles and Trending boxes."""
    configure_logs()
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, _frame: object) -> NoReturn:
    """End as by a Ctrl-C, closing what is open.

    By itself Python would drop dead, or hear nothing where it is the first process of a container.
    """
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
