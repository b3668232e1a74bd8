"""Training: the nightly job, and the versions that it published."""

from __future__ import annotations

import json
from pathlib import Path

import click

from jobs.progress import progress_bars
from jobs.train import Summary, train
from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.printing import print_summary, print_versions
from recommender.service import Service

__all__ = ["models", "rollback", "train_command", "train_with_bars"]


@click.command("train")
@click.option("--dry-run", is_flag=True, help="Do everything but publish.")
@click.option("--force", is_flag=True, help="Publish even lists that look worse than the current ones.")
@data_dir_option
@json_option
@refusals
def train_command(*, dry_run: bool, force: bool, data_dir: Path | None, as_json: bool) -> None:
    """Train on all articles and publish the related lists: the nightly job."""
    with service_of(data_dir) as service:
        summary = train_with_bars(service, dry_run=dry_run, force=force)
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
    """List the published versions."""
    with service_of(data_dir) as service:
        versions, current = service.lists.versions(), service.lists.current
    if as_json:
        click.echo(json.dumps({"current": current, "versions": list(versions.values())}))
        return
    print_versions(versions, current)


@click.command()
@click.argument("version", required=False)
@data_dir_option
@refusals
def rollback(*, version: str | None, data_dir: Path | None) -> None:
    """Go back to the version before the current one, or to VERSION."""
    with service_of(data_dir) as service:
        click.echo(f"readers now see {service.lists.roll_back(version)}")


def train_with_bars(service: Service, *, dry_run: bool = False, force: bool = False) -> Summary:
    """Train with a progress bar for each step."""
    with progress_bars() as bars:
        return train(service, bars, dry_run=dry_run, force=force)
