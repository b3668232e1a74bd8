"""Versions: what the nights published, the way back to one, and what tells two apart."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.desk.trace import COMMAND_LINE
from recommender.printing import print_difference, print_runs
from recommender.related.diff import diff
from recommender.trending.windows import WINDOWS

__all__ = ["diff_command", "models", "rollback"]

_MOST_READ = 1000


@click.command()
@data_dir_option
@json_option
@refusals
def models(*, data_dir: Path | None, as_json: bool) -> None:
    """List the training runs and the versions that they published, the newest first."""
    with service_of(data_dir) as service:
        versions, current, runs = service.lists.versions(), service.lists.current, service.lists.runs()
    if as_json:
        click.echo(json.dumps({"current": current, "versions": list(versions.values()), "runs": runs}))
        return
    print_runs(runs, versions, current)


@click.command()
@click.argument("version", required=False)
@data_dir_option
@refusals
def rollback(*, version: str | None, data_dir: Path | None) -> None:
    """Go back to the version before the current one, or to VERSION."""
    with service_of(data_dir) as service:
        before = service.lists.current
        now = service.lists.roll_back(version)
        service.trace.add(COMMAND_LINE, "model rolled back", now, before={"version": before}, after={"version": now})
        click.echo(f"readers now see {now}")


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Changed lists to print.")
@data_dir_option
@json_option
@refusals
def diff_command(*, old: str, new: str, limit: int, data_dir: Path | None, as_json: bool) -> None:
    """Say what changed in the lists from version OLD to NEW, of the most read articles first."""
    with service_of(data_dir) as service:
        count, now = len(service.catalogue), time.time()
        read = service.counters.top("viewed", WINDOWS["7d"], "", now=now, count=_MOST_READ)
        found = diff(service.lists, old, new, dict.fromkeys([*read, *service.catalogue.latest("", 0, count)]))
    if as_json:
        click.echo(found.model_dump_json())
    else:
        print_difference(found, limit)
