"""Serving: the service alone, or everything at once."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from jobs.refresh import watch
from recommender.commands.articles import import_sources
from recommender.commands.options import data_dir_option, refusals
from recommender.commands.training import train_with_bars
from recommender.errors import TrainingRefused
from recommender.intake import take_in
from recommender.printing import print_addresses, print_report, print_summary
from recommender.sample import sample_articles
from recommender.sample.readers import Readers
from recommender.secrets import with_secrets
from recommender.server import require_free_port, serve
from recommender.service import Service, open_service, redis_address
from recommender.settings import Settings, load_settings

__all__ = ["serve_command", "up"]


@click.command()
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
                import_sources(service, [source], None, print_report)
            _train(service)
            if readers and opening and not no_simulate:  # later they have read already
                readers.read_past(service, now=datetime.now(UTC).timestamp())
        if readers and not no_simulate:
            crowd = threading.Thread(target=readers.read_on, args=(site_url, stopped), daemon=True)
            crowd.start()
            cleanup.callback(crowd.join)
            cleanup.callback(stopped.set)
        refresher = threading.Thread(target=_keep_fresh, args=(settings, redis_url, stopped), daemon=True)
        refresher.start()
        cleanup.callback(refresher.join)
        cleanup.callback(stopped.set)
        print_addresses(settings, site_url)
        serve(settings, redis_url)


@click.command("serve")
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


def _train(service: Service) -> None:
    """Train; what is refused leaves the version of another day serving."""
    try:
        print_summary(train_with_bars(service))
    except TrainingRefused as refusal:
        if service.lists.current is None:
            raise
        click.echo(f"not trained: {refusal}", err=True)


def _keep_fresh(settings: Settings, redis_url: str, stopped: threading.Event) -> None:
    with open_service(settings, redis_url) as service:
        watch(service, stopped)


def _open_sample_newsroom(service: Service, site_url: str) -> Readers:
    """Import the sample newsroom, and return its readers."""
    articles = list(sample_articles(site_url, datetime.now(UTC)))
    take_in(articles, service.archive, service.intake)
    click.echo(f"The sample newsroom opens with {len(articles)} articles.", err=True)
    return Readers(articles)
