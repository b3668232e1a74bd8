"""Lists: what readers see, as a table, and why."""

from __future__ import annotations

from pathlib import Path

import click

from recommender.commands.options import data_dir_option, json_option, refusals, service_of
from recommender.desk.explaining import with_ban
from recommender.errors import ModelError
from recommender.printing import print_explanation, print_items
from recommender.related.explain import explain
from recommender.trending.windows import Rank, WindowName

__all__ = ["explain_command", "related", "trending"]


@click.command()
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


@click.command()
@click.option("--window", type=click.Choice(["auto", "1h", "6h", "24h", "7d"]), help="[default: as the site is set]")
@click.option("--rank", type=click.Choice(["trending", "most_viewed", "rising"]), help="[default: as the site is set]")
@click.option("--section", help="Of this section.")
@click.option("--tag", help="With this tag.")
@click.option("--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="Articles to list.")
@data_dir_option
@json_option
@refusals
def trending(
    *,
    window: WindowName | None,
    rank: Rank | None,
    section: str | None,
    tag: str | None,
    limit: int,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """List what readers turn to."""
    with service_of(data_dir) as service:
        answer = service.boxes.trending(limit=limit, window=window, rank=rank, section=section, tag=tag)
    if as_json:
        click.echo(answer.model_dump_json())
    else:
        print_items(f"Trending, by {answer.evidence.views:,} views in {answer.evidence.window}", answer.items)


@click.command("explain")
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
        answer = explain(service.shelf.growth(version), version, service.archive, article_id, other_id)
        answer = with_ban(answer, service.corrections)
    if as_json:
        click.echo(answer.model_dump_json())
    else:
        print_explanation(answer)
