"""Training: the nightly job, and the versions that it published."""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
import time
from pathlib import Path

import click

from jobs.progress import progress_bars
from jobs.refresh import refresh, watch
from jobs.train import Summary, train
from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.desk.trace import COMMAND_LINE
from recommender.printing import print_difference, print_runs, print_summary
from recommender.related.diff import diff
from recommender.service import Service
from recommender.trending.windows import WINDOWS

__all__ = ["diff_command", "models", "refresh_command", "rollback", "train_command", "train_with_bars"]

_MOST_READ = 1000


@click.command("train")
@click.option("--dry-run", is_flag=True, help="Do everything but publish.")
@click.option("--force", is_flag=True, help="Publish even what looks worse than the current version; it is noted.")
@click.option("--by", help="Who runs it, for the history [default: user@host].")
@data_dir_option
@json_option
@refusals
def train_command(*, dry_run: bool, force: bool, by: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Train on all articles and publish the related lists: the nightly job."""
    with service_of(data_dir) as service:
        summary = train_with_bars(service, by=by, dry_run=dry_run, force=force)
        report = service.shelf.path(summary.version) / "quality.html" if summary.version else None
    if as_json:
        click.echo(json.dumps(summary.as_facts()))
        return
    print_summary(summary)
    if report:
        click.echo(f"quality report: {report}")


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


@click.command("refresh")
@click.option("--watch", "stays", is_flag=True, help="Stay, and take in whatever changes at once.")
@data_dir_option
@json_option
@refusals
def refresh_command(*, stays: bool, data_dir: Path | None, as_json: bool) -> None:
    """Take what changed since the last training or refresh into the related lists."""
    with service_of(data_dir) as service:
        if stays:
            watch(service, threading.Event())
        taken = refresh(service)
    click.echo(json.dumps({"articles": taken}) if as_json else f"{taken:,} changed articles taken in")


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


def train_with_bars(service: Service, *, by: str | None = None, dry_run: bool = False, force: bool = False) -> Summary:
    """Train with a progress bar for each step."""
    with progress_bars() as bars:
        return train(service, bars, by=by or f"{_user()}@{socket.gethostname()}", dry_run=dry_run, force=force)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
