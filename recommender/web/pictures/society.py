"""Motifs of politics, business and the world."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import cos, pi, sin, sqrt
from random import Random

from recommender.web.pictures.canvas import HEIGHT, WIDTH, Palette, blob, disc, line, oval, rect, ridge, shape

__all__ = ["ballots", "bars", "colonnade", "contours", "globe", "harbour", "hemicycle", "lighthouse", "works"]


def hemicycle(rng: Random, p: Palette) -> Iterator[str]:
    """The seats of a chamber, in party colours."""
    x, y = WIDTH / 2 + rng.uniform(-140, 140), HEIGHT - 20
    borders = [0.0, *sorted(rng.uniform(0.15, 0.85) for _ in range(3)), 1.0]
    yield disc(x, y, 640, p.far, opacity=0.35)
    for colour, (start, end) in zip((p.ink, p.near, p.mid, p.spark), pairwise(borders), strict=True):
        d = ""
        for radius in range(210, 620, 66):
            a, b = pi * (1 + start) + 26 / radius, pi * (1 + end) - 22 / radius
            if b > a:
                d += f"M{x + radius * cos(a):.0f},{y + radius * sin(a):.0f}"
                d += f"A{radius},{radius} 0 0 1 {x + radius * cos(b):.0f},{y + radius * sin(b):.0f}"
        yield line(d, colour, 38, stroke_dasharray="0 49", stroke_linecap="round")
    yield shape(f"M{x - 120:.0f},{HEIGHT}a120,120 0 0 1 240,0z", p.ink)


def colonnade(rng: Random, p: Palette) -> Iterator[str]:
    """Columns, the light between them and their shadows."""
    count = rng.randint(3, 6)
    step, slant = WIDTH / count, rng.choice((-1, 1)) * rng.uniform(90, 170)
    yield disc(rng.uniform(250, 950), rng.uniform(240, 380), rng.uniform(110, 210), p.spark)
    yield rect(0, 560, WIDTH, 115, p.far)
    shift = rng.uniform(0.1, 0.5)
    for i in range(-1, count + 1):
        x, width = (i + shift) * step, step * 0.42
        yield shape(f"M{x:.0f},574h{width:.0f}l{slant:.0f},120h-{width:.0f}z", p.near, opacity=0.55)
        yield rect(x, 90, width, 480, p.mid)
        yield rect(x + width * 0.66, 90, width * 0.34, 480, p.near)
        yield rect(x + width * 0.16, 120, width * 0.12, 424, p.far)
        yield rect(x - width * 0.14, 90, width * 1.28, 32, p.near)
        yield rect(x - width * 0.14, 546, width * 1.28, 32, p.near)
    yield rect(0, 0, WIDTH, 92, p.ink)
    yield rect(0, 66, WIDTH, 8, p.mid)


def ballots(rng: Random, p: Palette) -> Iterator[str]:
    """Ballot papers on their way into the box."""
    marked = rng.randrange(4)
    for i in range(4):
        x, y, turn = 130 + i * 235 + rng.uniform(-30, 30), rng.uniform(40, 190), rng.uniform(-16, 16)
        yield f'<g transform="translate({x:.0f} {y:.0f}) rotate({turn:.0f})">'
        yield rect(14, 16, 240, 330, p.ink, opacity=0.25)
        yield rect(0, 0, 240, 330, "#fffaf2" if i % 2 else p.sky)
        for row in range(4):
            yield rect(30, 44 + row * 66, 38, 38, "none", stroke=p.near, stroke_width=6)
            yield rect(90, 56 + row * 66, 90 + (row * 37 + i * 23) % 50, 13, p.far)
        cross = 44 + 66 * rng.randrange(4)
        yield line(f"M36,{cross + 6}l26,26m0,-26l-26,26", p.spark if i == marked else p.ink, 11)
        yield "</g>"
    yield rect(0, 470, WIDTH, 205, p.near)
    yield rect(0, 470, WIDTH, 30, p.mid)
    yield rect(250, 480, 700, 11, p.ink)


def harbour(rng: Random, p: Palette) -> Iterator[str]:
    """Containers under a gantry crane."""
    yield disc(rng.uniform(150, 1050), 170, 84, p.spark)
    x = rng.uniform(160, 560)
    yield line(
        f"M{x:.0f},640v-490m260,490v-490M{x - 160:.0f},150h780l-490,-110l-280,110m280,-110v110m-130,180h260",
        p.ink,
        15,
    )
    hook = x + rng.uniform(330, 540)
    yield line(f"M{hook:.0f},150V290", p.ink, 5)
    yield rect(hook - 62, 290, 124, 58, p.spark)
    for column in range(-1, 10):
        for row in range(rng.randint(1, 4)):
            yield rect(column * 134 + 12, 582 - row * 62, 126, 58, rng.choice((p.sky, p.mid, p.near, p.near, p.ink)))
    yield rect(0, 640, WIDTH, 35, p.ink)


def bars(rng: Random, p: Palette) -> Iterator[str]:
    """Figures that rise and fall."""
    count = rng.randint(8, 11)
    step, level, tops = WIDTH / count, rng.uniform(280, 420), []
    for i in range(count):
        level = min(max(level + rng.uniform(-105, 105), 150), 520)
        tops.append((i * step + step * 0.4, HEIGHT - level))
        yield rect(i * step + 8, HEIGHT - level, step * 0.55, level, (p.mid, p.near, p.near)[i % 3])
        yield rect(i * step + 8 + step * 0.55, HEIGHT - level + 20, step * 0.18, level, p.ink)
    lifted = [(x, y - 90) for x, y in tops]
    yield line("M" + "L".join(f"{x:.0f},{y:.0f}" for x, y in lifted), p.spark, 10, stroke_linejoin="round")
    yield disc(*lifted[-1], 20, p.spark)


def works(rng: Random, p: Palette) -> Iterator[str]:
    """A steelworks: saw-tooth roofs, chimneys, smoke."""
    yield disc(rng.uniform(200, 1000), 260, 150, p.spark)
    for i in range(3):
        x, top = 120 + i * 360 + rng.uniform(0, 200), rng.uniform(170, 290)
        for k in range(4):
            yield disc(x + 30 + k * 62, top - 20 - k * 36, 34 + k * 14, p.far, opacity=0.75)
        yield shape(f"M{x:.0f},640L{x + 12:.0f},{top:.0f}h40L{x + 64:.0f},640z", p.ink)
        yield rect(x + 9, top + 30, 46, 18, p.mid)
    for colour, base, width in ((p.mid, 430, 210), (p.near, 500, 260)):
        start = -rng.uniform(0, width)
        teeth = f"v-80l{width},80" * 8
        yield shape(f"M{start:.0f},{base}{teeth}V{HEIGHT}H{start:.0f}z", colour)
    for i in range(14):
        yield rect(20 + i * 86, 570, 50, 36, rng.choice((p.sky, p.ink, p.ink)))
    yield rect(0, 640, WIDTH, 35, p.ink)


def contours(rng: Random, p: Palette) -> Iterator[str]:
    """Islands on a chart, their heights in steps."""
    for x, y, size in (
        (rng.uniform(250, 480), rng.uniform(220, 420), 1.0),
        (rng.uniform(780, 1000), rng.uniform(180, 500), 0.72),
    ):
        radii = [rng.uniform(190, 320) for _ in range(11)]
        yield shape(blob(x, y, radii, 1.35 * size), p.far, opacity=0.45)
        for scale, colour in ((1.08, p.mid), (0.84, p.near), (0.58, p.ink)):
            yield shape(blob(x, y, radii, scale * size), colour)
        yield line(blob(x, y, radii, 1.62 * size), p.far, 3)
    x, y = rng.uniform(560, 660), rng.uniform(120, 560)
    yield line(
        f"M{x:.0f},{y:.0f}Q{x + 180:.0f},{y - 160:.0f} 1240,{rng.uniform(60, 620):.0f}",
        p.sky,
        6,
        stroke_dasharray="22 16",
    )
    yield disc(x, y, 22, p.spark)


def globe(rng: Random, p: Palette) -> Iterator[str]:
    """A globe with its meridians."""
    x, y, radius = rng.uniform(340, 860), rng.uniform(330, 420), rng.uniform(270, 310)
    yield disc(x, y, radius * 1.34, p.far, opacity=0.45)
    yield disc(x, y, radius, p.near)
    yield f'<clipPath id="c"><circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}"/></clipPath><g clip-path="url(#c)">'
    for i in range(4):
        radii = [rng.uniform(55, 140) for _ in range(9)]
        yield shape(blob(x + rng.uniform(-230, 230), y - 200 + i * 140, radii, 1), (p.mid, p.far)[i % 2])
    yield disc(
        x + radius * 0.5,
        y + radius * 0.3,
        radius * 1.25,
        "none",
        stroke=p.ink,
        stroke_width=round(radius * 0.55),
        opacity=0.35,
    )
    yield "</g>"
    for share in (0.33, 0.72):
        yield oval(x, y, radius * share, radius, "none", stroke=p.sky, stroke_width=3, opacity=0.7)
    for share in (-0.5, 0, 0.5):
        half = radius * sqrt(1 - share**2)
        yield line(f"M{x - half:.0f},{y + share * radius:.0f}h{2 * half:.0f}", p.sky, 3, opacity=0.7)
    turn = rng.choice((0, pi)) + rng.uniform(-0.6, 0.6)
    yield disc(x + radius * 1.34 * cos(turn), y + radius * 1.34 * sin(turn), 34, p.spark)


def lighthouse(rng: Random, p: Palette) -> Iterator[str]:
    """A light over a foreign coast."""
    x, far = rng.uniform(240, 960), rng.choice((-900, 900))
    yield shape(f"M{x:.0f},170L{x + far:.0f},20V330z", p.far, opacity=0.7)
    yield shape(ridge(rng, 430, 40, 6), p.far)
    yield rect(0, 470, WIDTH, 205, p.mid)
    for i in range(9):
        yield rect(rng.uniform(-60, 1050), 490 + i * 20, rng.uniform(80, 330), 5, (p.far, p.near)[i % 2], rx=3)
    yield shape(
        f"M{x - 230:.0f},690C{x - 150:.0f},540 {x - 90:.0f},520 {x:.0f},520S{x + 170:.0f},560 {x + 260:.0f},690z", p.ink
    )
    yield shape(f"M{x - 56:.0f},530L{x - 36:.0f},220h72L{x + 56:.0f},530z", p.sky)
    yield shape(f"M{x - 49:.0f},420L{x - 43:.0f},320h86L{x + 49:.0f},420z", p.near)
    yield rect(x - 48, 206, 96, 16, p.ink)
    yield rect(x - 27, 148, 54, 58, p.spark)
    yield shape(f"M{x - 40:.0f},150l40,-52l40,52z", p.ink)
