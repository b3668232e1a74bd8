"""What the pictures are made of: a canvas, six colours and a few shapes as SVG elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import cos, sin, tau
from random import Random
from typing import NamedTuple

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Motif",
    "Palette",
    "blob",
    "disc",
    "line",
    "oval",
    "rect",
    "ridge",
    "ring",
    "shape",
]

WIDTH = 1200
HEIGHT = 675


class Palette(NamedTuple):
    """Six colours, from the light of the sky to the darkest shape, and the one that draws the eye."""

    sky: str
    far: str
    mid: str
    near: str
    ink: str
    spark: str


Motif = Callable[[Random, Palette], Iterator[str]]
Point = tuple[float, float]


def rect(x: float, y: float, width: float, height: float, fill: str, **attributes: object) -> str:
    """Return a rectangle."""
    return _element("rect", x=round(x), y=round(y), width=round(width), height=round(height), fill=fill, **attributes)


def disc(x: float, y: float, radius: float, fill: str, **attributes: object) -> str:
    """Return a filled circle."""
    return _element("circle", cx=round(x), cy=round(y), r=round(radius), fill=fill, **attributes)


def ring(x: float, y: float, radius: float, stroke: str, width: float, **attributes: object) -> str:
    """Return the outline of a circle."""
    return disc(x, y, radius, "none", stroke=stroke, stroke_width=round(width), **attributes)


def oval(x: float, y: float, across: float, down: float, fill: str, **attributes: object) -> str:
    """Return an upright ellipse of two radii."""
    return _element("ellipse", cx=round(x), cy=round(y), rx=round(across), ry=round(down), fill=fill, **attributes)


def shape(d: str, fill: str, **attributes: object) -> str:
    """Return a filled path."""
    return _element("path", d=d, fill=fill, **attributes)


def line(d: str, stroke: str, width: float, **attributes: object) -> str:
    """Return a drawn path."""
    return shape(d, "none", stroke=stroke, stroke_width=round(width), **attributes)


def _element(name: str, **attributes: object) -> str:
    return f"<{name}" + "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items()) + "/>"


def _through(points: list[Point]) -> str:
    """Return a smooth curve that starts at the first point, ends at the last and bends at those between."""
    d = f"M{points[0][0]:.0f},{points[0][1]:.0f}"
    for (x, y), (next_x, next_y) in pairwise(points[1:]):
        d += f"Q{x:.0f},{y:.0f} {(x + next_x) / 2:.0f},{(y + next_y) / 2:.0f}"
    return d + f"L{points[-1][0]:.0f},{points[-1][1]:.0f}"


def ridge(rng: Random, y: float, swing: float, bends: int) -> str:
    """Return a hilly outline, closed at the bottom."""
    step = WIDTH / (bends - 1)
    points = [(-60.0, y)] + [(i * step, y + rng.uniform(-swing, swing)) for i in range(bends)] + [(WIDTH + 60.0, y)]
    return _through(points) + f"V{HEIGHT}H-60z"


def blob(x: float, y: float, radii: list[float], scale: float) -> str:
    """Return a rounded closed outline whose distances from the middle are ``radii`` times ``scale``."""
    turn = tau / len(radii)
    points = [(x + 1.25 * r * scale * cos(i * turn), y + r * scale * sin(i * turn)) for i, r in enumerate(radii)]
    middles = [((ax + bx) / 2, (ay + by) / 2) for (ax, ay), (bx, by) in pairwise([*points, points[0]])]
    d = f"M{middles[-1][0]:.0f},{middles[-1][1]:.0f}"
    for (x0, y0), (x1, y1) in zip(points, middles, strict=True):
        d += f"Q{x0:.0f},{y0:.0f} {x1:.0f},{y1:.0f}"
    return d + "z"
