"""Evaluation: the quality of a ranking on a data set."""

from __future__ import annotations

import functools
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import click

from jobs.evaluate_related import evaluate_judgements, evaluate_labels, read_articles
from jobs.evaluate_trending import evaluate_trending, read_log
from jobs.progress import progress_bars, step
from recommender.commands.options import data_dir_option, existing_file, json_option, refusals
from recommender.printing import print_figures
from recommender.settings import load_settings

__all__ = ["evaluate"]


@click.group()
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
