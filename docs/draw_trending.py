"""Draws the pictures of docs/trending.md from two logs of views.

python docs/draw_trending.py PORTAL.csv.gz FRONTPAGE.csv.gz
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from jobs.evaluate_trending import read_log
from jobs.foretelling import Learner
from recommender.trending.choice import Choice
from recommender.trending.replay import Hour, Log, hours
from recommender.trending.tempo import DAY_S, HOUR_S, TEMPOS, Tempo
from recommender.trending.windows import WINDOWS

PICTURES = Path(__file__).parent / "pictures"
NAMES = ("a portal", "a front page")
COLOURS = dict(zip(WINDOWS, ("#c2410c", "#ca8a04", "#2563eb", "#6b7280"), strict=True))
WARM_UP_S = 14 * DAY_S
WEEK_S = 7 * DAY_S
SLOT_S = 1800

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
    logs = [read_log(Path(path), None, lambda *_: None) for path in paths]
    told = [list(hours(log, since=0.0)) for log in logs]
    _save(_life(logs[1]), "trending-life")
    _save(_tempos(told), "trending-tempo")
    _save(_evidence(logs[0]), "trending-evidence")
    _save(_learned(told), "trending-learned")


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
        left = np.where(lapsed >= 0, 2.0 ** (-np.maximum(lapsed, 0) / window.half_life_s), 0.0) @ counts
        rate = left * np.log(2) / window.half_life_s * HOUR_S
        axes.plot((moments - times[0]) / HOUR_S, rate, color=COLOURS[name], label=name)
    axes.set(xlabel="hours since it was first read", ylabel="views an hour", xlim=(-0.5, 30))
    axes.legend()
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


def _scored(told: Sequence[Hour]) -> list[Hour]:
    return [hour for hour in told if hour.telling and hour.now >= told[0].now + WARM_UP_S]


def _precision(told: Sequence[Hour], tempo: Tempo) -> float:
    return float(np.mean([hour.hits(hour.score(tempo))[0] for hour in told]))


def _save(figure: Figure, name: str) -> None:
    figure.savefig(PICTURES / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
