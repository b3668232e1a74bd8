"""What the command line prints for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from recommender.answers import Item
from recommender.desk.users import User
from recommender.related.diff import Difference
from recommender.related.explain import Explanation
from recommender.settings import Settings

if TYPE_CHECKING:  # what these import takes a second
    from jobs.import_articles import ImportReport
    from jobs.import_views import ViewReport
    from jobs.train import Summary
    from recommender.clicks.report import ClicksReport, Rate
    from recommender.experiments.reports import Reported

__all__ = [
    "print_addresses",
    "print_clicks",
    "print_difference",
    "print_experiments",
    "print_explanation",
    "print_figures",
    "print_items",
    "print_report",
    "print_runs",
    "print_summary",
    "print_users",
    "print_view_report",
]

_SHOWN_REJECTIONS = 20
_SHOWN_TERMS = 15


def print_report(report: ImportReport) -> None:
    """Print the counts of an import, and what it rejected."""
    for rejection in report.rejections[:_SHOWN_REJECTIONS]:
        click.echo(f"rejected {rejection.where}: {rejection.reason}", err=True)
    if report.rejected > _SHOWN_REJECTIONS:
        click.echo(f"... and {report.rejected - _SHOWN_REJECTIONS} more; --json gives up to 1,000", err=True)
    click.echo(
        f"{report.new:,} new, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{report.withdrawn:,} withdrawn, {report.rejected:,} rejected"
    )


def print_view_report(report: ViewReport) -> None:
    """Print what became of a file of views, and which lines are none."""
    for bad in report.bad_lines[:_SHOWN_REJECTIONS]:
        click.echo(f"line {bad.line}: {bad.reason}", err=True)
    if report.malformed > _SHOWN_REJECTIONS:
        click.echo(f"... and {report.malformed - _SHOWN_REJECTIONS} more; --json gives up to 1,000", err=True)
    people = report.views - report.filtered["bot"]
    click.echo(f"{report.lines:,} lines, {report.views:,} views of articles, {people:,} of them by no bot")
    click.echo(f"{report.counted:,} views counted, {report.before:,} told before")
    for reason, views in (report.filtered + report.passed).most_common():
        click.echo(f"{views:>12,}  {reason}")


def print_summary(summary: Summary) -> None:
    """Print what a training run came to."""
    state = f"published {summary.version}" if summary.version else "dry run, nothing published"
    click.echo(
        f"{state}: {summary.lists:,} of {summary.articles:,} articles have a list, {summary.copies:,} copies left out, "
        f"{summary.terms:,} words, nearest at {summary.quality['mean_top1']:.2f} on average, "
        f"{sum(summary.seconds.values()):.1f} s"
    )
    learned = summary.trending
    if learned:
        formula = f"views with a half-life of a quarter of {learned['window']} / age ^ {learned['age_exponent']}"
        click.echo(f"trending by {'trained weights' if learned['uses'] == 'trained' else formula}")
    if hours := learned.get("hours"):
        click.echo(
            f"of the next hour's ten, weights foretold {learned['trained_p_at_10']:.1%} and the formula "
            f"{learned['formula_p_at_10']:.1%}, over {hours} hours that neither had seen"
        )


def print_items(title: str, items: list[Item]) -> None:
    """Print a list as readers get it."""
    table = Table("", "score", "source", "section", "title", title=title, title_justify="left")
    table.add_column("id", overflow="fold")
    for item in items:
        table.add_row(str(item.position), f"{item.score:.3f}", item.source, item.section or "", item.title, item.id)
    Console().print(table)


def print_clicks(found: ClicksReport) -> None:
    """Print rates with their intervals, box by box."""
    click.echo(f"{found.since} to {found.until}, UTC; intervals of 95 %")
    for one in found.boxes:
        table = Table(title=f"{one.box}: {one.total.impressions:,} times shown", title_justify="left")
        table.add_column(one.box)
        for name in ("shown", "clicks", "CTR", "interval"):
            table.add_column(name, justify="right")
        table.add_row("any item", *_rate(one.total), end_section=True)
        for place in one.positions:
            table.add_row(f"position {place.position}", *_rate(place), end_section=place is one.positions[-1])
        for source in one.sources:
            table.add_row(f"from {source.source}", *_rate(source), end_section=source is one.sources[-1])
        for variant in one.variants:
            if variant.variant:
                table.add_row(f"variant {variant.variant}", *_rate(variant))
        Console().print(table)


def print_experiments(found: Sequence[Reported]) -> None:
    """Print the variants of each experiment, the judged box first."""
    if not found:
        click.echo("there was no experiment yet")
    for one in found:
        verdict = f"{one.report.winner} is the best" if one.report.winner else one.report.verdict
        click.echo(f"{one.name}, judged by {one.box} until {one.end:%Y-%m-%d %H:%M} UTC: {verdict}")
        for box in sorted(one.report.boxes, key=lambda box: box.box != one.box):
            table = Table(title=box.box, title_justify="left")
            table.add_column("variant")
            for name in ("shown", "clicked", "CTR", "95 % between", "the best", "expected loss"):
                table.add_column(name, justify="right")
            for variant in box.variants:
                interval = f"{variant.low:.2%} to {variant.high:.2%}"
                known = [f"{share:.2%}" if share is not None else "not yet" for share in (variant.best, variant.loss)]
                shown, clicked = f"{variant.impressions:,}", f"{variant.clicks:,}"
                table.add_row(variant.variant, shown, clicked, f"{variant.ctr:.2%}", interval, *known)
            Console().print(table)


def _rate(rate: Rate) -> tuple[str, str, str, str]:
    if rate.ctr is None:
        return "0", "0", "", ""
    return f"{rate.impressions:,}", f"{rate.clicks:,}", f"{rate.ctr:.2%}", f"{rate.low:.2%} to {rate.high:.2%}"


def print_explanation(answer: Explanation) -> None:
    """Print the words, the steps and the reason."""
    table = Table("step", "", "score", title=answer.reason, title_justify="left")
    for term in answer.terms[:_SHOWN_TERMS]:
        table.add_row(term.term, f"{term.weight:.4f}", "")
    rest = answer.terms[_SHOWN_TERMS:]
    if rest:
        table.add_row(f"{len(rest)} more words", f"{sum(term.weight for term in rest):.4f}", "")
    table.add_row("cosine", "", f"{answer.cosine:.4f}", end_section=True)
    for one in answer.adjustments:
        table.add_row(f"{one.name}: {one.detail}", f"* {one.factor:.3f}", f"{one.score:.4f}")
    Console().print(table)


def print_figures(figures: Mapping[str, Mapping[str, float] | int]) -> None:
    """Print a table of figures by rank, then what is a number alone."""
    rows = {name: some for name, some in figures.items() if isinstance(some, Mapping)}
    table = Table("", *next(iter(rows.values())))
    for name, some in rows.items():
        table.add_row(name, *(f"{figure:.4f}" for figure in some.values()))
    Console().print(table)
    for name, number in figures.items():
        if not isinstance(number, Mapping):
            click.echo(f"{name}: {number}")


def print_users(users: Sequence[User]) -> None:
    """Print the users of the desk."""
    table = Table("name", "role", "signs in with")
    for user in users:
        table.add_row(user.name, user.role, "a password" if user.has_password else "single sign-on")
    Console().print(table)


def print_addresses(settings: Settings, site_url: str) -> None:
    """Print what to open, and the secrets that were made."""
    assert settings.api_token and settings.editor_password  # noqa: PT018, S101 - for the type checker; they are set
    click.echo(
        f"\n  News site   {site_url}/\n  Desk        {site_url}/desk/\n  API docs    {site_url}/docs\n"
        f"  API token   {settings.api_token.get_secret_value()}\n"
        f"  Editor      editor, password {settings.editor_password.get_secret_value()}\n\n  Ctrl-C stops.\n",
        err=True,
    )


def print_runs(runs: Sequence[Mapping[str, Any]], kept: Collection[str], current: str | None) -> None:
    """Print training runs, the newest first; the versions still kept are marked, the current one by an arrow.

    Why runs came to nothing stands below the table, so that the names of versions can be read in any terminal.
    """
    table = Table(box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("")
    table.add_column("run", no_wrap=True)
    table.add_column("by", overflow="fold", max_width=12)
    table.add_column("outcome")
    for name in ("articles", "lists", "nearest", "as before", "seconds"):
        table.add_column(name, justify="right")
    for run in runs:
        mark = "→" if run["run"] == current else "•" if run["run"] in kept else ""
        quality = run.get("quality") or {}
        counts = [f"{run[name]:,}" if quality else "" for name in ("articles", "lists")]
        shares = [_figure(quality.get(name)) for name in ("mean_top1", "overlap")]
        seconds = f"{sum(run.get('seconds', {}).values()):.1f}"
        outcome = run["outcome"] + (", forced" if run.get("forced") else "")
        table.add_row(mark, run["run"], run.get("by", ""), outcome, *counts, *shares, seconds)
    Console().print(table)
    for run in runs:
        if run.get("reason") and run["outcome"] != "dry run":
            click.echo(f"{run['run']} {run['outcome']}: {run['reason']}")


def print_difference(found: Difference, limit: int) -> None:
    """Print the first of the lists that changed, and how much stayed in all."""
    table = Table()
    for name in ("article", "stayed", "came", "went"):
        table.add_column(name, overflow="fold")
    for one in found.changes[:limit]:
        table.add_row(one.article_id, f"{one.overlap:.0%}", "\n".join(one.came), "\n".join(one.went))
    Console().print(table)
    click.echo(f"{found.changed:,} of {found.articles:,} lists are others; {found.overlap:.1%} of the first ten stayed")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
