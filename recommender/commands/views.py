"""Views: counting those of a file."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from pydantic import TypeAdapter

from jobs.import_views import Filter, ViewReport, import_views
from jobs.progress import progress_bars, step
from jobs.sightings import by_address, by_pattern
from jobs.sources.document import open_file, open_stdin
from recommender.commands.options import data_dir_option, json_option, refusals
from recommender.printing import print_view_report
from recommender.service import open_service, redis_address
from recommender.settings import load_settings

__all__ = ["views_command"]


@click.command("views")
@click.argument("file", metavar="FILE|-")
@click.option("--pattern", help="Finds the article in an address of a log: a regular expression with a group `id`.")
@data_dir_option
@json_option
@refusals
def views_command(*, file: str, pattern: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Count the views of a file, once: JSON Lines, CSV or a web server's combined log, also .gz."""
    settings = load_settings(data_dir=data_dir, views_pattern=pattern)
    rules = Filter(
        visitor_pause_s=settings.visitor_pause_s,
        network_share=settings.network_share,
        network_allowance=settings.network_allowance,
    )
    with (
        redis_address(settings) as redis_url,
        open_service(settings, redis_url) as service,
        progress_bars() as bars,
        step(bars, f"count {Path(file).name}") as tick,
        open_stdin(tick) if file == "-" else open_file(Path(file), tick) as document,
        _no_collection(),
    ):
        wanted = settings.views_pattern
        find = by_pattern(re.compile(wanted)) if wanted else by_address(service.archive.all_cards())
        report = import_views(document, service.counters, find, rules, now=time.time())
    if as_json:
        click.echo(TypeAdapter(ViewReport).dump_json(report))
    else:
        print_view_report(report)
    if report.malformed and not (report.counted or report.before or len(report.filtered) > 1 or report.passed):
        raise click.ClickException("no line is a view; see the reasons above")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the collector of cycles rest: a million tuples come and go, and it would look at each again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
