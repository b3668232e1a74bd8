"""Training: the nightly job, and the refresh between nights."""

from __future__ import annotations

import gc
import getpass
import json
import os
import socket
import threading
from pathlib import Path

import click

from jobs.progress import progress_bars
from jobs.refresh import refresh, watch
from jobs.train import Summary, train
from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.printing import print_summary
from recommender.service import Service

__all__ = ["refresh_command", "train_command", "train_with_bars"]


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


def train_with_bars(service: Service, *, by: str | None = None, dry_run: bool = False, force: bool = False) -> Summary:
    """Train with a progress bar for each step."""
    # A run leaves hardly any garbage that refers to itself, and to look for it among all modules takes a second.
    gc.freeze()
    gc.disable()
    try:
        with progress_bars() as bars:
            return train(service, bars, by=by or f"{_user()}@{socket.gethostname()}", dry_run=dry_run, force=force)
    finally:
        gc.enable()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
