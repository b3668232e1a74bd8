"""Articles: taking them in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from jobs.import_articles import ImportReport, import_articles
from jobs.progress import progress_bars, step
from jobs.sources import read_source
from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.printing import print_report
from recommender.service import Service

__all__ = ["import_command", "import_sources"]


@click.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--query", help="SQL whose columns are named like an article's fields, for a database URL.")
@data_dir_option
@json_option
@refusals
def import_command(*, sources: tuple[str, ...], query: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Import articles: JSON Lines (also .gz), CSV, a feed, sitemap or WordPress (file or URL), or a database URL."""

    def show(report: ImportReport) -> None:
        if as_json:
            click.echo(json.dumps(asdict(report)))
        else:
            print_report(report)

    with service_of(data_dir) as service:
        report = import_sources(service, list(sources), query, show)
    if report.rejected and not report.taken:
        raise click.ClickException("no record is a valid article; see the reasons above")


def import_sources(
    service: Service, sources: list[str], query: str | None, show: Callable[[ImportReport], None]
) -> ImportReport:
    """Import from sources, one after the other, with a progress bar for each; show the counts, also of a part."""
    report = ImportReport()
    try:
        with progress_bars() as bars:
            for source in sources:
                with step(bars, f"import {Path(source).name}") as tick:
                    records = read_source(
                        source,
                        query=query,
                        allow_private_networks=service.settings.allow_private_networks,
                        progress=tick,
                    )
                    import_articles(records, service.archive, service.intake, report)
    except Exception:
        if report.taken or report.rejected:
            show(report)
        raise
    show(report)
    return report
