"""Reports: what was learned from readers."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import TypeAdapter

from recommender.answers import BOXES, BoxName
from recommender.clicks.report import report as report_of
from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.experiments.reports import Reported
from recommender.printing import print_clicks, print_experiments

__all__ = ["report"]


@click.group()
def report() -> None:
    """Report what was learned from readers."""


@report.command("clicks")
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="Days, today included.")
@click.option("--box", type=click.Choice(BOXES), help="Of this box alone.")
@data_dir_option
@json_option
@refusals
def clicks(*, days: int, box: BoxName | None, data_dir: Path | None, as_json: bool) -> None:
    """Tell how often boxes were shown and clicked, by place, source and variant."""
    now = time.time()
    with service_of(data_dir) as service:
        tallies = service.clicks.tallies(now=now, days=days)
    found = report_of(tallies, now=now, days=days, boxes=[box] if box else BOXES)
    if as_json:
        click.echo(found.model_dump_json())
    else:
        print_clicks(found)


@report.command("experiments")
@data_dir_option
@json_option
@refusals
def experiments(*, data_dir: Path | None, as_json: bool) -> None:
    """Tell how the variants of each experiment were clicked, and which is the best."""
    with service_of(data_dir) as service:
        found = service.reports.all(now=datetime.now(UTC))
    if as_json:
        click.echo(TypeAdapter(list[Reported]).dump_json(found))
    else:
        print_experiments(found)
