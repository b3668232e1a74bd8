"""The command line: parses, calls, prints."""

from __future__ import annotations

import functools
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from redis.exceptions import RedisError

from jobs.evaluate_related import evaluate_judgements, evaluate_labels, read_articles
from jobs.evaluate_trending import evaluate_trending, read_log
from jobs.import_articles import ImportReport, import_articles
from jobs.progress import progress_bars, step
from jobs.sources import read_source
from jobs.train import Summary, train
from recommender.answers import Rank, WindowName
from recommender.errors import ModelError, RecommenderError
from recommender.intake import take_in
from recommender.printing import (
    print_addresses,
    print_explanation,
    print_figures,
    print_items,
    print_report,
    print_summary,
    print_versions,
)
from recommender.related.explain import explain
from recommender.sample import sample_articles
from recommender.sample.readers import Readers
from recommender.secrets import with_secrets
from recommender.server import configure_logs, require_free_port, serve
from recommender.service import Service, open_service, redis_address
from recommender.settings import load_settings

__all__ = ["main", "train_command"]

F = TypeVar("F", bound=Callable[..., Any])


data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Directory of all data [default: data]."
)
existing_file = click.Path(path_type=Path, exists=True, dir_okay=False)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")


def refusals(command: F) -> F:
    """Turn what this package or Redis refuses into exit code 1 and one clear line."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except RecommenderError as error:
            raise click.ClickException(str(error)) from error
        except RedisError as error:
            raise click.ClickException(f"Redis: {error}") from error

    return guarded  # type: ignore[return-value]


@contextmanager
def service_of(data_dir: Path | None) -> Iterator[Service]:
    """Open the service of a data directory for a command."""
    settings = load_settings(data_dir=data_dir)
    with redis_address(settings) as redis_url, open_service(settings, redis_url) as service:
        yield service


@click.group()
@click.version_option(package_name="recommender")
def main() -> None:
    """Fill a news site's Related Articles and Trending boxes."""
    configure_logs()


@main.command()
@click.option("--articles", "source", help="Import these articles; without it the sample newsroom opens.")
@click.option("--host", help="Address to listen on [default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [default: 8000].")
@click.option("--no-simulate", is_flag=True, help="No simulated readers in the sample newsroom.")
@data_dir_option
@refusals
def up(*, source: str | None, host: str | None, port: int | None, no_simulate: bool, data_dir: Path | None) -> None:
    """Import, train and serve: everything at once."""
    settings = with_secrets(load_settings(data_dir=data_dir, host=host, port=port))
    require_free_port(settings)
    site_url = f"http://{settings.host}:{settings.port}"
    stopped = threading.Event()
    with redis_address(settings, keep_running=True) as redis_url, ExitStack() as cleanup:
        with open_service(settings, redis_url) as service:
            opening = len(service.archive) == 0
            readers = None if source else _open_sample_newsroom(service, site_url)
            if source:
                print_report(_import(service, [source], None))
            print_summary(_train(service))
            if readers and opening and not no_simulate:  # later they have read already
                readers.read_past(service.counters, now=datetime.now(UTC).timestamp())
        if readers and not no_simulate:
            crowd = threading.Thread(target=readers.read_on, args=(site_url, stopped), daemon=True)
            crowd.start()
            cleanup.callback(crowd.join)
            cleanup.callback(stopped.set)
        print_addresses(settings, site_url)
        serve(settings, redis_url)


@main.command("serve")
@click.option("--host", help="Address to listen on [default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [default: 8000].")
@data_dir_option
@refusals
def serve_command(*, host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Serve alone."""
    settings = with_secrets(load_settings(data_dir=data_dir, host=host, port=port))
    require_free_port(settings)
    with redis_address(settings, keep_running=True) as redis_url:
        serve(settings, redis_url)


@main.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--query", help="SQL whose columns are named like an article's fields, for a database URL.")
@data_dir_option
@json_option
@refusals
def import_command(*, sources: tuple[str, ...], query: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Import articles: JSON Lines (also .gz), CSV, a feed or news sitemap (file or URL), or a database URL."""
    with service_of(data_dir) as service:
        report = _import(service, list(sources), query)
    if as_json:
        click.echo(json.dumps(asdict(report)))
    else:
        print_report(report)
    if report.rejected and not report.taken:
        raise click.ClickException("no record is a valid article; see the reasons above")


@main.command("train")
@click.option("--dry-run", is_flag=True, help="Do everything but publish.")
@click.option("--force", is_flag=True, help="Publish even lists that look worse than the current ones.")
@data_dir_option
@json_option
@refusals
def train_command(*, dry_run: bool, force: bool, data_dir: Path | None, as_json: bool) -> None:
    """Train on all articles and publish the related lists: the nightly job."""
    with service_of(data_dir) as service:
        summary = _train(service, dry_run=dry_run, force=force)
        report = service.shelf.path(summary.version) / "quality.html" if summary.version else None
    if as_json:
        click.echo(json.dumps(summary.as_facts()))
        return
    print_summary(summary)
    if report:
        click.echo(f"quality report: {report}")


@main.command()
@click.argument("article_id", metavar="ID")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="Articles to list.")
@click.option("--section", help="Of this section.")
@data_dir_option
@json_option
@refusals
def related(*, article_id: str, limit: int, section: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List what is related to an article."""
    with service_of(data_dir) as service:
        answer = service.boxes.related(article_id, limit=limit, section=section)
        article = service.archive.get(article_id)
    if as_json:
        click.echo(answer.model_dump_json())
    else:
        print_items(f"Related to: {article.title if article else article_id}", answer.items)


@main.command()
@click.option("--window", type=click.Choice(["auto", "1h", "6h", "24h", "7d"]), default="auto", show_default=True)
@click.option("--rank", type=click.Choice(["trending", "most_viewed"]), default="trending", show_default=True)
@click.option("--section", help="Of this section.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="Articles to list.")
@data_dir_option
@json_option
@refusals
def trending(
    *, window: WindowName, rank: Rank, section: str | None, limit: int, data_dir: Path | None, as_json: bool
) -> None:
    """List what readers turn to."""
    with service_of(data_dir) as service:
        answer = service.boxes.trending(limit=limit, window=window, rank=rank, section=section)
    if as_json:
        click.echo(answer.model_dump_json())
    else:
        print_items("Trending", answer.items)


@main.command("explain")
@click.argument("article_id", metavar="ID")
@click.argument("other_id", metavar="OTHER")
@data_dir_option
@json_option
@refusals
def explain_command(*, article_id: str, other_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Say why OTHER is in the list of ID, term by term, or why it is not."""
    with service_of(data_dir) as service:
        version = service.lists.current
        if version is None:
            raise ModelError("there is no model yet; make one: recommender train")
        answer = explain(service.shelf.get(version), version, service.archive, article_id, other_id)
    if as_json:
        click.echo(answer.model_dump_json())
    else:
        print_explanation(answer)


@main.command()
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


@main.command()
@click.argument("version", required=False)
@data_dir_option
@refusals
def rollback(*, version: str | None, data_dir: Path | None) -> None:
    """Go back to the version before the current one, or to VERSION."""
    with service_of(data_dir) as service:
        click.echo(f"readers now see {service.lists.roll_back(version)}")


@main.group()
def evaluate() -> None:
    """Measure the quality of a ranking on a data set."""


@evaluate.command("related")
@click.option("--articles", type=existing_file, required=True, help="Articles, in any format that import takes.")
@click.option("--background", type=existing_file, help="More articles that only help to fit.")
@click.option("--judgements", type=existing_file, help="CSV: article_id,other_id,similarity; each pair once.")
@click.option("--labels", type=existing_file, help="CSV: article_id,label; articles that share one are relevant.")
@click.option("--as-served", is_flag=True, help="With freshness, copies, stories and variety, as lists are served.")
@data_dir_option
@json_option
@refusals
def evaluate_related_command(
    *,
    articles: Path,
    background: Path | None,
    judgements: Path | None,
    labels: Path | None,
    as_served: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Measure the related ranking, beside scikit-learn's defaults."""
    if (judgements is None) == (labels is None):
        raise click.UsageError("give either --judgements or --labels")
    with progress_bars() as bars:
        figures = (evaluate_judgements if judgements else evaluate_labels)(
            read_articles(articles),
            read_articles(background) if background else [],
            judgements or labels,  # type: ignore[arg-type]  # one of them is there
            as_served=as_served,
            settings=load_settings(data_dir=data_dir),
            now=datetime.now(UTC),
            step=functools.partial(step, bars),
        )
    if as_json:
        click.echo(json.dumps(figures))
    else:
        print_figures(figures)


@evaluate.command("trending")
@click.option("--views", type=existing_file, required=True, help="CSV: timestamp,article_id[,visitor_id][,count].")
@click.option(
    "--articles", type=existing_file, help="Articles with dates; without them age counts from the first view."
)
@click.option("--horizon", default="1h", show_default=True, help="How far ahead to foretell, such as 30m, 1h, 6h.")
@click.option("--since", type=click.DateTime(), help="Score only from then on (UTC); what came before may train.")
@data_dir_option
@json_option
@refusals
def evaluate_trending_command(
    *,
    views: Path,
    articles: Path | None,
    horizon: str,
    since: datetime | None,
    data_dir: Path | None,  # noqa: ARG001 - every command takes it
    as_json: bool,
) -> None:
    """Measure how well Trending foretells the next hour, beside simple rules."""
    horizon_s = _span_s(horizon)
    with progress_bars() as bars:
        with step(bars, "read views") as tick:
            log = read_log(views, articles, tick)
        with step(bars, "replay") as tick:
            start = since.replace(tzinfo=UTC).timestamp() if since else None
            figures = evaluate_trending(log, horizon_s=horizon_s, since=start, tick=tick)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        print_figures(figures)


def _span_s(text: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", text)
    if not match:
        raise click.UsageError(f"--horizon {text}: give a number and m, h or d, such as 30m or 1h")
    return int(match[1]) * {"m": 60, "h": 3600, "d": 86_400}[match[2]]


def _open_sample_newsroom(service: Service, site_url: str) -> Readers:
    """Import the sample newsroom, and return its readers."""
    articles = list(sample_articles(site_url, datetime.now(UTC)))
    take_in(articles, service.archive, service.intake)
    click.echo(f"The sample newsroom opens with {len(articles)} articles.", err=True)
    return Readers(articles)


def _import(service: Service, sources: list[str], query: str | None) -> ImportReport:
    with progress_bars() as bars:
        total = ImportReport()
        for source in sources:
            with step(bars, f"import {Path(source).name}") as tick:
                records = read_source(
                    source,
                    query=query,
                    allow_private_networks=service.settings.allow_private_networks,
                    progress=tick,
                )
                total.add(import_articles(records, service.archive, service.intake))
    return total


def _train(service: Service, *, dry_run: bool = False, force: bool = False) -> Summary:
    with progress_bars() as bars:
        return train(service, bars, dry_run=dry_run, force=force)


if __name__ == "__main__":
    sys.exit(main())
