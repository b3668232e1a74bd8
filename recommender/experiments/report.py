"""The report of an experiment: what each variant's boxes were seen and clicked, and whether a winner can be called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from recommender.answers import BOXES, BoxName
from recommender.clicks.clicks import Tally
from recommender.experiments.experiment import Experiment
from recommender.experiments.judging import rates

__all__ = ["BoxReport", "DayCount", "Report", "VariantReport", "Verdict", "report"]

Verdict = Literal["running", "ended early", "too few", "undecided", "decided"]

_EPOCH = date(1970, 1, 1)


class DayCount(BaseModel, frozen=True):
    """One day (UTC) of a box of one variant."""

    day: date
    impressions: int
    clicks: int


class VariantReport(BaseModel, frozen=True):
    """What is known of a box of one variant."""

    variant: str = Field(description="its name in addresses")
    impressions: int = Field(description="times that a reader saw the box")
    clicks: int = Field(description="times that something in it was clicked")
    ctr: float = Field(description="clicks by impression")
    low: float = Field(description="the CTR lies between this")
    high: float = Field(description="and this with a probability of 95 %")
    best: float | None = Field(
        description="probability that no other variant's CTR is higher; null until each was seen often enough"
    )
    loss: float | None = Field(
        description="clicks by impression that choosing it is expected to cost against the best; null likewise"
    )
    days: list[DayCount]


class BoxReport(BaseModel, frozen=True):
    """The variants by one box."""

    box: BoxName
    variants: list[VariantReport]


class Report(BaseModel, frozen=True):
    """Both boxes, and what the judged one says."""

    verdict: Verdict = Field(
        description="`running`: no winner is called before the end, however it looks; `ended early`: none is; "
        "`too few`: a variant was seen too seldom; `undecided`: none is likely enough the best; `decided`"
    )
    winner: str | None = Field(description="name in addresses of the variant that is the best, where it is decided")
    least_shown: int = Field(description="impressions, in the judged box, of the variant that was shown least")
    boxes: list[BoxReport]


def report(one: Experiment, tallies: Iterable[Tally], *, certainty: float, now: datetime) -> Report:
    """Return the report of an experiment.

    A winner is called once, at the end that was set when it was started: who looks every day and stops when it looks
    good finds winners among equals.

    Parameters
    ----------
    one : Experiment
    tallies : iterable of Tally
        Those of other variants, and of single places, are passed over.
    certainty : float
        Probability of being the best from which on a variant is the winner.
    now : datetime
        With zone.
    """
    days: defaultdict[tuple[BoxName, str], list[DayCount]] = defaultdict(list)
    for tally in tallies:
        if not tally.position:
            day = _EPOCH + timedelta(days=tally.day)
            days[tally.box, tally.variant].append(DayCount(day=day, impressions=tally.impressions, clicks=tally.clicks))
    boxes = [_box_report(one, box, [sorted(days[box, name], key=_day) for name in one.shares]) for box in BOXES]
    (judged,) = (found.variants for found in boxes if found.box == one.box)
    likeliest = max(judged, key=lambda variant: variant.best or 0)
    verdict = _verdict(one, likeliest.best, certainty=certainty, now=now)
    return Report(
        verdict=verdict,
        winner=likeliest.variant if verdict == "decided" else None,
        least_shown=min(variant.impressions for variant in judged),
        boxes=boxes,
    )


def _verdict(one: Experiment, best: float | None, *, certainty: float, now: datetime) -> Verdict:
    if one.state_at(now) == "running":
        return "running"
    if one.ended_at:
        return "ended early"
    if best is None:
        return "too few"
    return "decided" if best >= certainty else "undecided"


def _box_report(one: Experiment, box: BoxName, days: list[list[DayCount]]) -> BoxReport:
    impressions = [sum(day.impressions for day in some) for some in days]
    clicks = [sum(day.clicks for day in some) for some in days]
    telling = min(impressions) >= one.least_impressions
    return BoxReport(
        box=box,
        variants=[
            VariantReport(
                variant=name,
                impressions=shown,
                clicks=clicked,
                ctr=rate.rate,
                low=rate.low,
                high=rate.high,
                best=rate.best if telling else None,
                loss=rate.loss if telling else None,
                days=some,
            )
            for name, shown, clicked, rate, some in zip(
                one.shares, impressions, clicks, rates(impressions, clicks), days, strict=True
            )
        ],
    )


def _day(count: DayCount) -> date:
    return count.day
