"""Draws the pictures of docs/trending.md from two logs of views and a web server's log.

python docs/draw_trending.py PORTAL.csv.gz FRONTPAGE.csv.gz ACCESS.log.gz
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from jobs.evaluate_trending import read_log
from jobs.foretelling import RANKED, Learner
from recommender.trending.bots import is_bot
from recommender.trending.choice import Choice
from recommender.trending.replay import Hour, Log, hours
from recommender.trending.standing import Standing, StayRules
from recommender.trending.tempo import DAY_S, DEFAULT_TEMPO, HOUR_S, TEMPOS, Tempo
from recommender.trending.windows import WINDOWS

PICTURES = Path(__file__).parent / "pictures"
NAMES = ("a portal", "a front page")
COLOURS = dict(zip(WINDOWS, ("#c2410c", "#ca8a04", "#2563eb", "#6b7280"), strict=True))
WARM_UP_S = 14 * DAY_S
WEEK_S = 7 * DAY_S
SLOT_S = 1800
LISTED = 10
BOXED = 5
SECTIONED = re.compile(
    r'\S+ \S+ \S+ \[(?P<time>[^]]+)] "GET /(?P<section>articles|blog|presentations|projects)/'
    r'(?P<rest>[^" ?]*)[^"]*" 200 .* "(?P<agent>[^"]*)"$'
)
"""A page of an article in a web server's log; the first part of its address is its section."""

mpl.rcParams |= {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 9,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.hashsalt": "trending",
}


def main(paths: Sequence[str]) -> None:
    """Read both logs, replay them, and draw every picture."""
    *views, access = map(Path, paths)
    logs = [read_log(path, None, lambda *_: None) for path in views]
    told = [list(hours(log, since=0.0)) for log in logs]
    _save(_life(logs[1]), "trending-life")
    _save(_half_lives(logs), "trending-half-life")
    _save(_tempos(told), "trending-tempo")
    _save(_evidence(logs[0]), "trending-evidence")
    _save(_learned(told), "trending-learned")
    sites = [
        Site(
            name,
            colour,
            hours_of_site,
            [step.leaders(RANKED) for step in hours(log, since=0.0, horizon_s=SLOT_S)],
            max(TEMPOS, key=lambda tempo: _precision(_scored(hours_of_site), tempo)),
        )
        for name, colour, hours_of_site, log in zip(NAMES, (COLOURS["24h"], COLOURS["1h"]), told, logs, strict=True)
    ]
    _save(_stays(sites), "trending-stays")
    _save(_oldest(sites), "trending-oldest")
    _save(_section_cap(*_read_sections(access)), "trending-section-cap")


def _life(log: Log) -> Figure:
    """Draw the views of the article most read, and what each window makes of them."""
    article = int(np.bincount(log.articles, log.counts).argmax())
    times, counts = log.times[log.articles == article], log.counts[log.articles == article]
    moments = np.arange(times[0] - SLOT_S, times[0] + 1.5 * DAY_S, 300)
    figure, axes = plt.subplots(figsize=(7, 3))
    slots = np.arange(moments[0], moments[-1] + SLOT_S, SLOT_S)
    views, _ = np.histogram(times, slots, weights=counts)
    axes.bar(
        (slots[:-1] - times[0]) / HOUR_S, views * HOUR_S / SLOT_S, 0.5, align="edge", color="#e5e7eb", label="read"
    )
    for name, window in WINDOWS.items():
        lapsed = moments[:, None] - times
        left = np.where(lapsed >= 0, 2.0 ** (-np.maximum(lapsed, 0) / window.half_life_s()), 0.0) @ counts
        rate = left * np.log(2) / window.half_life_s() * HOUR_S
        axes.plot((moments - times[0]) / HOUR_S, rate, color=COLOURS[name], label=name)
    axes.set(xlabel="hours since it was first read", ylabel="views an hour", xlim=(-0.5, 30))
    axes.legend()
    return figure


def _half_lives(logs: Sequence[Log]) -> Figure:
    """Draw how well each window's fading views alone foretell the next hour, by half-life as a share of the window."""
    shares = (0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0)
    figure, panels = plt.subplots(1, 2, figsize=(7, 3))
    for axes, name, log in zip(panels, NAMES, logs, strict=True):
        found = []
        for share in shares:
            scored = _scored(list(hours(log, since=0.0, half_life_share=share)))
            found.append([_precision(scored, Tempo(window, 0.0)) for window in WINDOWS])
        for window, precisions in zip(WINDOWS, zip(*found, strict=True), strict=True):
            axes.plot(shares, precisions, ".-", color=COLOURS[window], label=window)
        axes.set(title=name, xlabel="half-life, share of the window", xscale="log")
        axes.set_xticks(shares, ["1/32", "1/16", "1/8", "1/4", "1/2", "1"])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter("{x:.0%}")
    panels[0].set_ylabel("of ten listed, in the next hour's ten")
    panels[1].legend(title="window")
    return figure


def _tempos(told: Sequence[Sequence[Hour]]) -> Figure:
    """Draw how well each formula foretells the next hour, on both sites."""
    figure, panels = plt.subplots(1, 2, figsize=(7, 3))
    for axes, name, hours_of_site in zip(panels, NAMES, told, strict=True):
        scored = _scored(hours_of_site)
        for window in WINDOWS:
            formulas = sorted((tempo for tempo in TEMPOS if tempo.window == window), key=lambda one: one.age_exponent)
            exponents = [tempo.age_exponent for tempo in formulas]
            axes.plot(
                exponents, [_precision(scored, tempo) for tempo in formulas], ".-", color=COLOURS[window], label=window
            )
        axes.set(title=name, xlabel="age exponent")
    panels[0].set_ylabel("of ten listed, in the next hour's ten")
    panels[0].yaxis.set_major_formatter("{x:.0%}")
    panels[1].yaxis.set_major_formatter("{x:.0%}")
    panels[1].legend(title="window")
    return figure


def _evidence(log: Log) -> Figure:
    """Draw in how many of the hours a window holds at least so many views."""
    moments = np.arange(log.times[0] + WARM_UP_S, log.times[-1], HOUR_S)
    least = np.arange(101)
    figure, axes = plt.subplots(figsize=(7, 2.6))
    running = np.concatenate([[0.0], np.cumsum(log.counts)])
    for name, window in WINDOWS.items():
        start, end = np.searchsorted(log.times, moments - window.seconds), np.searchsorted(log.times, moments)
        views = running[end] - running[start]
        axes.plot(least, [(views >= number).mean() for number in least], color=COLOURS[name], label=name)
    axes.set(xlabel="least views", ylabel="hours in which it has them", xlim=(0, 100), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(title="window", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _learned(told: Sequence[Sequence[Hour]]) -> Figure:
    """Draw, week by week, what a fixed rule, the formula and what is served foretell."""
    figure, panels = plt.subplots(1, 2, figsize=(7, 3), sharey=False)
    for axes, name, hours_of_site in zip(panels, NAMES, told, strict=True):
        rows, learner, choice, start = [], Learner(), Choice(), hours_of_site[0].now + WARM_UP_S
        for day, of_day in groupby(hours_of_site, lambda hour: hour.now // DAY_S):
            choice = learner.choose(day * DAY_S, choice)
            for hour in of_day:
                if hour.telling and hour.now >= start:
                    lists = (hour.decayed["24h"], hour.score(choice.formula), hour.score(choice.tempo))
                    rows.append([(hour.now - start) // WEEK_S, *(hour.hits(scores)[0] for scores in lists)])
                learner.learn(hour)
        found = np.array(rows)
        weeks = np.unique(found[:, 0])
        for column, (label, colour) in enumerate(
            (("24h, whatever the age", "#6b7280"), ("formula of the night", "#2563eb"), ("served", "#c2410c")), start=1
        ):
            means = [found[found[:, 0] == week, column].mean() for week in weeks]
            axes.plot(weeks + 1, means, ".-", color=colour, label=label)
        axes.set(title=name, xlabel="week")
        axes.yaxis.set_major_formatter("{x:.0%}")
    panels[0].set_ylabel("of ten listed, in the next hour's ten")
    panels[1].legend()
    return figure


@dataclass(frozen=True)
class Site:
    """A log replayed by the hour and by the half hour, leaders only, and the formula that foretells best there."""

    name: str
    colour: str
    told: Sequence[Hour]
    steps: Sequence[Hour]
    best: Tempo


@dataclass(frozen=True)
class Lists:
    """What a site's lists came to: the share foretold, and the articles that came on the list, a day."""

    precision: float
    newcomers: float


def _stays(sites: Sequence[Site]) -> Figure:
    """Draw what the margin and the longest stay do to the list, and to what it foretells."""
    figure, panels = plt.subplots(2, 2, figsize=(7, 4.6), sharex="col")
    margins, stays_h = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0), (3, 6, 12, 24, 48, 96)
    for column, (label, values, rules) in enumerate(
        (
            ("stay margin", margins, [StayRules(LISTED, margin, 0) for margin in margins]),
            ("longest stay, hours", stays_h, [StayRules(LISTED, 0.05, stay * HOUR_S) for stay in stays_h]),
        )
    ):
        for site in sites:
            found = [_live(site, one) for one in rules]
            panels[0, column].plot(values, [one.newcomers for one in found], ".-", color=site.colour, label=site.name)
            panels[1, column].plot(values, [one.precision for one in found], ".-", color=site.colour, label=site.name)
        panels[1, column].set_xlabel(label)
    for axes in panels[:, 1]:
        axes.set_xscale("log")
        axes.set_xticks(stays_h, [f"{stay}" for stay in stays_h])
        axes.minorticks_off()
    panels[0, 0].set_ylabel("come on the list, a day")
    panels[1, 0].set_ylabel("of ten listed,\nin the next hour's ten")
    for axes in panels.flat:
        axes.set_ylim(bottom=0)
    for axes in panels[1]:
        axes.yaxis.set_major_formatter("{x:.0%}")
    panels[0, 1].legend()
    return figure


def _oldest(sites: Sequence[Site]) -> Figure:
    """Draw how many of the list are no older than an age, and what the list foretells without the older."""
    days = np.array((0.25, 0.5, 1, 2, 4, 7, 14, 30, 60))
    figure, (shares, precisions) = plt.subplots(1, 2, figsize=(7, 3))
    for site in sites:
        lists = [(hour, hour.score(site.best)) for hour in _scored(site.told)]
        ages = np.concatenate([hour.ages[np.argsort(-score)[:LISTED]] for hour, score in lists]) / 24
        shares.plot(days, [(ages < limit).mean() for limit in days], ".-", color=site.colour, label=site.name)
        kept = [
            np.mean([hour.hits(np.where(hour.ages < 24 * limit, score, -1.0))[0] for hour, score in lists])
            for limit in days
        ]
        precisions.plot(days, kept, ".-", color=site.colour, label=site.name)
    for axes in (shares, precisions):
        axes.set(xlabel="oldest, days", xscale="log", ylim=(0, None))
        axes.set_xticks(days, [f"{limit:g}" for limit in days])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter("{x:.0%}")
    shares.set_ylabel("of the list is younger")
    precisions.set_ylabel("of ten listed, in the next hour's ten")
    shares.legend()
    return figure


def _section_cap(log: Log, sections: Sequence[str]) -> Figure:
    """Draw who fills a box under each cap, and how often its articles are read in the next six hours."""
    told = list(hours(log, since=log.times[0] + DAY_S, horizon_s=6 * HOUR_S))
    caps = range(1, BOXED + 1)
    names = sorted(set(sections), key=lambda name: -sections.count(name))
    held = np.zeros((len(names), BOXED))
    read = []
    for cap in caps:
        boxes = [(hour, _capped(hour, sections, cap)) for hour in told]
        for hour, box in boxes:
            for place in box:
                held[names.index(sections[hour.articles[place]]), cap - 1] += 1 / len(boxes)
        read.append(np.mean([hour.truth[box].sum() for hour, box in boxes]))
    figure, (places, views) = plt.subplots(1, 2, figsize=(7, 3))
    for name, colour, of_name, below in zip(names, COLOURS.values(), held, np.cumsum(held, axis=0) - held, strict=True):
        places.bar(caps, of_name, bottom=below, color=colour, label=name)
    places.set(ylabel=f"places of {BOXED}")
    places.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=2)
    places.grid(visible=False)
    views.plot(caps, read, ".-", color=COLOURS["24h"])
    views.set(ylabel="views of the box's articles,\nnext six hours", ylim=(0, 1.1 * max(read)))
    for axes in (places, views):
        axes.set(xlabel="most of one section", xticks=caps)
    return figure


def _capped(hour: Hour, sections: Sequence[str], cap: int) -> list[int]:
    """Return the places of those in the box: those of a section that has its share come after the others."""
    held: Counter[str] = Counter()
    first: list[int] = []
    later: list[int] = []
    for place in np.argsort(-hour.score(DEFAULT_TEMPO), kind="stable"):
        section = sections[hour.articles[place]]
        (first if held[section] < cap else later).append(int(place))
        held[section] += 1
    return (first + later)[:BOXED]


def _read_sections(path: Path) -> tuple[Log, list[str]]:
    """Read the views that people had of the pages of articles, and each article's section."""
    views = sorted(_page_views(path))
    ids, places = np.unique([page for _, page in views], return_inverse=True)
    times = np.array([second for second, _ in views])
    born = np.full(len(ids), np.inf)
    np.minimum.at(born, places, times)
    return Log(times, places.astype(np.int64), np.ones(len(times)), born), [str(one).split("/")[0] for one in ids]


def _page_views(path: Path) -> Iterator[tuple[float, str]]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = SECTIONED.match(line)
            if not found or is_bot(found["agent"]):
                continue
            page = found["rest"].strip("/")
            name = page.split("/")[-1]
            if page and "tags/" not in page and ("." not in name or name.endswith("html")):
                yield datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z").timestamp(), f"{found['section']}/{page}"


def _live(site: Site, rules: StayRules) -> Lists:
    """Let a list live through all half hours by the site's best formula."""
    scored = {hour.now: hour for hour in _scored(site.told)}
    standing, come, precisions = Standing(), 0, []
    for step in site.steps:
        scores = step.score(site.best)
        ranked = {str(step.articles[place]): float(scores[place]) for place in np.argsort(-scores, kind="stable")}
        order, after = standing.settle(ranked, rules, now=step.now)
        come += len(set(after.listed) - set(standing.listed))
        standing = after
        if hour := scored.get(step.now):
            rank = {one: float(-number) for number, one in enumerate(order)}
            precisions.append(hour.hits(np.array([rank.get(str(one), -np.inf) for one in hour.articles]))[0])
    return Lists(float(np.mean(precisions)), come / ((site.steps[-1].now - site.steps[0].now) / DAY_S))


def _scored(told: Sequence[Hour]) -> list[Hour]:
    return [hour for hour in told if hour.telling and hour.now >= told[0].now + WARM_UP_S]


def _precision(told: Sequence[Hour], tempo: Tempo) -> float:
    return float(np.mean([hour.hits(hour.score(tempo))[0] for hour in told]))


def _save(figure: Figure, name: str) -> None:
    figure.savefig(PICTURES / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
