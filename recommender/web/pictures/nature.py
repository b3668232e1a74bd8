"""Motifs of climate, science and health."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, sin, sqrt, tau
from random import Random

from recommender.web.pictures.canvas import HEIGHT, WIDTH, Palette, blob, disc, line, oval, rect, ridge, ring, shape

__all__ = [
    "capsules",
    "cells",
    "hills",
    "orbits",
    "pulse",
    "river",
    "seeds",
    "trails",
    "turbines",
    "waves",
]


def hills(rng: Random, p: Palette) -> Iterator[str]:
    """Hills in haze under a low sun, sometimes in rain."""
    yield disc(rng.uniform(240, 960), rng.uniform(150, 270), rng.uniform(75, 125), p.spark)
    for colour, y, swing in ((p.far, 330, 110), (p.mid, 430, 95), (p.near, 520, 70), (p.ink, 610, 50)):
        yield shape(ridge(rng, y, swing, rng.randint(5, 8)), colour)
    if rng.choice((True, False)):
        d = "".join(
            f"M{rng.uniform(0, 1300):.0f},{rng.uniform(-40, 620):.0f}l-{length * 0.35:.0f},{length:.0f}"
            for length in (rng.uniform(35, 95) for _ in range(70))
        )
        yield line(d, p.sky, 3, stroke_linecap="round", opacity=0.6)


def waves(rng: Random, p: Palette) -> Iterator[str]:
    """A sea that comes closer row by row."""
    y, size = rng.uniform(200, 330), rng.uniform(26, 56)
    yield disc(rng.uniform(260, 940), y - rng.uniform(-30, 70), rng.uniform(80, 165), p.spark)
    boat, mast = rng.uniform(150, 1050), rng.uniform(90, 130)
    yield shape(f"M{boat:.0f},{y - 30:.0f}v-{mast:.0f}l{mast * 0.62:.0f},{mast * 0.8:.0f}z", p.near)
    yield shape(f"M{boat - 8:.0f},{y - 30:.0f}v-{mast * 0.8:.0f}l-{mast * 0.45:.0f},{mast * 0.7:.0f}z", p.ink)
    yield shape(f"M{boat - 62:.0f},{y - 24:.0f}h140l-30,40h-84z", p.ink)
    for colour in (p.far, p.mid, p.near, p.mid, p.near, p.ink, p.near, p.ink):
        start = -rng.uniform(0, 2 * size) - size
        scallops = f"q{size:.0f},{-size * 0.62:.0f} {2 * size:.0f},0" * (int(WIDTH / size / 2) + 3)
        yield shape(f"M{start:.0f},{y:.0f}{scallops}V{HEIGHT}H{start:.0f}z", colour)
        y, size = y + size * 1.25, size * 1.22


def turbines(rng: Random, p: Palette) -> Iterator[str]:
    """Wind turbines over flat, flooded land."""
    yield disc(rng.uniform(200, 1000), 300, rng.uniform(110, 150), p.spark)
    yield shape(ridge(rng, 400, 35, 7), p.far)
    for x, size in sorted(((rng.uniform(0.2, 0.8) + i) * 300, rng.uniform(0.55, 1)) for i in range(4)):
        hub, turn = 470 - 330 * size, rng.uniform(0, 120)
        yield shape(
            f"M{x - 9 * size:.0f},480L{x - 4 * size:.0f},{hub:.0f}h{8 * size:.0f}L{x + 9 * size:.0f},480z", p.ink
        )
        for blade in range(3):
            yield shape(
                f"M0,0l{13 * size:.0f},{-40 * size:.0f}L0,{-175 * size:.0f}L{-7 * size:.0f},{-30 * size:.0f}z",
                p.ink,
                transform=f"translate({x:.0f} {hub:.0f}) rotate({turn + blade * 120:.0f})",
            )
    yield rect(0, 452, WIDTH, 223, p.mid)
    for i in range(12):
        width = rng.uniform(90, 420)
        yield rect(rng.uniform(-80, 1100), 474 + i * 16, width, 5 + i * 0.5, (p.near, p.sky, p.far)[i % 3], rx=4)


def river(rng: Random, p: Palette) -> Iterator[str]:
    """Fields from the air, and the river that winds through them."""
    yield f'<g transform="rotate({rng.uniform(-16, 16):.0f} 600 337)">'
    furrows = ""
    for left in range(-260, 1500, 260):
        top = -190.0
        while top < HEIGHT + 160:
            depth = rng.uniform(150, 290)
            yield rect(left, top, 252, depth - 8, rng.choice((p.sky, p.far, p.far, p.mid)))
            if rng.choice((True, False)):
                furrows += "".join(f"M{left + 30 + k * 38},{top + 14:.0f}v{depth - 36:.0f}" for k in range(6))
            top += depth
    yield line(furrows, p.near, 3, opacity=0.35)
    yield "</g>"
    bends = "".join(f"t{rng.uniform(250, 420):.0f},{rng.uniform(-70, 70):.0f}" for _ in range(5))
    course = f"M-60,{rng.uniform(260, 420):.0f}q150,{rng.choice((-1, 1)) * rng.uniform(150, 230):.0f} 300,0{bends}"
    for colour, width in ((p.ink, 142), (p.near, 122), (p.mid, 26)):
        yield line(course, colour, width)
    x, y = rng.uniform(200, 1000), rng.choice((50, HEIGHT - 120))
    yield rect(x, y, 74, 56, p.spark)
    yield rect(x, y + 28, 74, 28, p.ink, opacity=0.35)


def orbits(rng: Random, p: Palette) -> Iterator[str]:
    """Planets around a bright star."""
    x, y, tilt = rng.uniform(380, 820), rng.uniform(270, 400), rng.uniform(-28, 28)
    for _ in range(36):
        yield disc(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(1.6, 4), p.sky, opacity=0.8)
    yield f'<g transform="translate({x:.0f} {y:.0f}) rotate({tilt:.0f})">'
    for i, radius in enumerate((170, 270, 385, 520, 680)):
        yield oval(0, 0, radius, radius * 0.42, "none", stroke=p.mid, stroke_width=4)
        turn = rng.uniform(0, tau)
        colour, size = (p.sky, p.far, p.mid, p.far, p.near)[i], rng.uniform(14, 30 + 9 * i)
        yield disc(radius * cos(turn), radius * 0.42 * sin(turn), size, colour)
    yield disc(0, 0, 84, p.spark)
    yield "</g>"


def trails(rng: Random, p: Palette) -> Iterator[str]:
    """The stars turning over an observatory."""
    x, y = rng.uniform(400, 800), rng.uniform(330, 420)
    for i, radius in enumerate(range(60, 900, 38)):
        dash = " ".join(str(rng.randint(*between)) for between in ((60, 260), (40, 300), (20, 120), (60, 200)))
        yield ring(x, y, radius, (p.far, p.mid, p.sky)[i % 3], 5, stroke_dasharray=dash, stroke_linecap="round")
    yield disc(x, y, 12, p.spark)
    yield shape(ridge(rng, 590, 40, 6), p.ink)
    dome = rng.uniform(260, 900)
    yield shape(f"M{dome - 120:.0f},640v-90a120,120 0 0 1 240,0v90z", p.mid)
    yield shape(f"M{dome + 10:.0f},430q26,4 48,15v106h-48z", p.spark)
    yield rect(dome - 138, 546, 276, 28, p.far)


def seeds(rng: Random, p: Palette) -> Iterator[str]:
    """The spiral in which seeds, and much else, arrange themselves."""
    x, y, turn = rng.uniform(420, 780), rng.uniform(290, 390), tau * (sqrt(5) - 1) / 2
    margin = 30
    spread, marked = rng.uniform(44, 50), rng.randrange(13)
    for i in range(1, 120):
        distance = spread * sqrt(i)
        px, py = x + distance * cos(i * turn), y + distance * sin(i * turn)
        if abs(px - WIDTH / 2) < WIDTH / 2 + margin and abs(py - HEIGHT / 2) < HEIGHT / 2 + margin:
            colour = p.spark if i % 13 == marked else (p.mid, p.far, p.sky)[i % 3]
            yield disc(px, py, 8 + i * 0.17, colour)


def cells(rng: Random, p: Palette) -> Iterator[str]:
    """Cells under a microscope."""
    places = [
        ((c + rng.uniform(0.25, 0.75)) * 300, (r + rng.uniform(0.25, 0.75)) * 225) for r in range(3) for c in range(4)
    ]
    marked = rng.randrange(len(places))
    for i, (x, y) in enumerate(places):
        radii = [rng.uniform(95, 150) for _ in range(8)]
        yield shape(blob(x, y, radii, 1), (p.far, p.mid)[i % 2], opacity=0.8)
        yield shape(blob(x, y, radii, 0.74), (p.mid, p.far)[i % 2], opacity=0.55)
        yield disc(
            x + rng.uniform(-20, 20), y + rng.uniform(-20, 20), rng.uniform(26, 42), p.spark if i == marked else p.near
        )


def pulse(rng: Random, p: Palette) -> Iterator[str]:
    """A heartbeat, in the order it comes."""
    beat, y = rng.uniform(250, 330), rng.uniform(330, 400)
    d = f"M-{rng.uniform(0, 200):.0f},{y:.0f}"
    for _ in range(6):
        height = rng.uniform(170, 250)
        d += f"h{beat * 0.4:.0f}l24,-34l26,34h20l22,46l34,-{height:.0f}l36,{height + 70:.0f}l24,-116h{beat * 0.2:.0f}"
    for i, radius in enumerate((420, 300, 190)):
        yield disc(rng.uniform(560, 640), y - 20, radius, (p.far, p.mid, p.near)[i])
    yield line(d, p.sky, 30, stroke_linejoin="round", opacity=0.35)
    yield line(d, p.ink, 12, stroke_linejoin="round")
    yield disc(rng.uniform(820, 1020), rng.uniform(120, 190), 46, p.spark)


def capsules(rng: Random, p: Palette) -> Iterator[str]:
    """Medicines, laid out."""
    marked = rng.choice((1, 2)), rng.choice((1, 2, 3))
    yield f'<g transform="rotate({rng.choice((-38, -24, 24, 38))} 600 337)">'
    for row in range(-1, 6):
        for column in range(-1, 5):
            x, y = column * 330 + (row % 2) * 165 - 80, row * 165 - 70
            filled = p.spark if (column, row) == marked else rng.choice((p.near, p.mid, p.ink))
            yield shape(f"M{x + 125},{y}h-72a48,48 0 0 0 0,96h72z", filled)
            yield shape(f"M{x + 125},{y}h72a48,48 0 0 1 0,96h-72z", p.far)
    yield "</g>"
