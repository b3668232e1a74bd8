"""Motifs of sport, culture and technology."""

from __future__ import annotations

from collections.abc import Iterator
from math import dist
from random import Random

from recommender.web.pictures.canvas import HEIGHT, WIDTH, Palette, disc, line, oval, rect, ridge, ring, shape

__all__ = ["cables", "curtain", "frames", "network", "pitch", "record", "slopes", "tiles", "track"]


def track(rng: Random, p: Palette) -> Iterator[str]:
    """The bend of a running track."""
    side = rng.choice((-1, 1))
    x, y = WIDTH / 2 + side * (WIDTH / 2 + 120), HEIGHT + rng.uniform(60, 180)
    yield rect(0, 0, WIDTH, HEIGHT, p.near)
    for lane, colour in zip(range(7, 0, -1), (p.far, p.mid, p.far, p.spark, p.far, p.mid, p.far), strict=True):
        yield disc(x, y, 330 + lane * 118, colour)
        yield ring(x, y, 330 + lane * 118, p.sky, 6)
    yield disc(x, y, 330, p.ink)
    turn = rng.uniform(30, 50) * -side
    yield rect(-12, -1400, 24, 1070, p.sky, transform=f"translate({x:.0f} {y:.0f}) rotate({turn:.0f})")


def pitch(rng: Random, p: Palette) -> Iterator[str]:
    """A football pitch from high above."""
    turn = rng.uniform(-24, 24)
    yield f'<g transform="rotate({turn:.0f} 600 337)">'
    for i in range(-2, 12):
        yield rect(i * 130, -400, 130, 1500, (p.mid, p.near)[i % 2])
    x = rng.choice((260, 520, 780))
    box = f"M{x},90h300v500h-300M{x},210h120v260h-120M{x + 300},235a130,130 0 0 1 0,210"
    yield line(f"M{x},-500v1700{box}", p.sky, 9)
    yield disc(x + 205, 340, 9, p.sky)
    yield "</g>"
    ball_x, ball_y = rng.uniform(200, 1000), rng.uniform(150, 520)
    yield disc(ball_x + 22, ball_y + 26, 40, p.ink, opacity=0.4)
    yield disc(ball_x, ball_y, 40, p.spark)


def slopes(rng: Random, p: Palette) -> Iterator[str]:
    """Ski tracks down to the valley, between the poles of a gate."""
    peak = rng.uniform(520, 860)
    yield disc(peak - rng.uniform(300, 420), 170, 78, p.spark)
    yield shape(f"M-50,600L{peak - 190:.0f},220L{peak:.0f},60L{peak + 240:.0f},290L1260,560V700H-50z", p.mid)
    yield shape(f"M{peak:.0f},60L{peak + 240:.0f},290L1260,560V700H{peak - 90:.0f}l60,-240l-70,-170z", p.near)
    yield shape(f"M{peak:.0f},60l-76,64l44,26l20,-22l24,56l38,-36l52,24z", p.sky)
    yield shape(f"M-10,{rng.uniform(330, 400):.0f}C300,430 600,620 1210,{rng.uniform(560, 610):.0f}V690H-10z", p.sky)
    x = rng.uniform(60, 160)
    bends = "c150,10 190,60 110,90s-30,90 90,110s60,70 20,90"
    yield line(f"M{x:.0f},385{bends}", p.mid, 7)
    yield line(f"M{x + 26:.0f},385{bends}", p.mid, 7)
    for i in range(3):
        pole, foot = x + 250 + i * 170, 560 + i * 24
        yield rect(pole, foot - 110, 7, 110, p.ink)
        yield shape(f"M{pole + 7:.0f},{foot - 110:.0f}h64l-16,24l16,24h-64z", p.spark)
    for i in range(5):
        tree, foot = rng.uniform(640, 1180), 600 + i * 18
        yield shape(f"M{tree:.0f},{foot - 130}l42,140h-84z", p.ink)


def curtain(rng: Random, p: Palette) -> Iterator[str]:
    """A curtain, and a light on the stage."""
    yield rect(0, 0, WIDTH, HEIGHT, p.ink)
    x = rng.uniform(480, 720)
    yield shape(f"M{x - 30:.0f},-10h60L{x + 330:.0f},590H{x - 330:.0f}z", p.sky, opacity=0.16)
    yield oval(x, 590, 330, 50, p.spark)
    left, right = x - rng.uniform(240, 330), WIDTH - x - rng.uniform(240, 330)
    folds = 6
    for facing, room in (("matrix(1 0 0 1 0 0)", left), (f"matrix(-1 0 0 1 {WIDTH} 0)", right)):
        yield f'<g transform="{facing}">'
        for i in reversed(range(folds)):
            edge = room * (i + 1) / folds
            top = edge + 120 * (i + 1) / folds
            d = f"M-10,-10H{top:.0f}C{edge + 70:.0f},300 {edge - 60:.0f},420 {edge:.0f},640H-10z"
            yield shape(d, (p.mid, p.near)[i % 2])
        yield "</g>"
    swags = "".join(f"q{WIDTH / 12:.0f},{rng.uniform(95, 130):.0f} {WIDTH / 6:.0f},0" for _ in range(6))
    yield shape(f"M0,56{swags}V-10H0z", p.far)
    yield rect(0, 0, WIDTH, 60, p.near)


def frames(rng: Random, p: Palette) -> Iterator[str]:
    """Pictures hung close on a gallery's wall."""
    x, marked = rng.uniform(-90, 10), rng.randrange(2, 5)
    place = 0
    while x < WIDTH:
        width, split = rng.uniform(170, 300), rng.choice((1, 2))
        y = rng.uniform(40, 90)
        for _ in range(split):
            height = (rng.uniform(420, 470) - 30 * (split - 1)) / split
            place += 1
            yield rect(x + 10, y + 14, width, height, p.ink, opacity=0.25)
            yield rect(x, y, width, height, p.ink)
            yield rect(
                x + 15,
                y + 15,
                width - 30,
                height - 30,
                p.spark if place == marked else (p.mid, p.far, p.near)[place % 3],
            )
            middle = y + 15 + (height - 30) * rng.uniform(0.45, 0.65)
            if place % 2:
                yield disc(x + width / 2, middle, min(width, height) * 0.22, p.sky)
            else:
                yield rect(x + 15, middle, width - 30, y + height - 15 - middle, p.sky)
            y += height + 32
        x += width + 36
    yield rect(0, 590, WIDTH, 85, p.near)
    yield rect(0, 582, WIDTH, 10, p.ink)


def record(rng: Random, p: Palette) -> Iterator[str]:
    """Sound, as rings and as bars."""
    x, y = rng.choice((330, 870)) + rng.uniform(-60, 60), rng.uniform(300, 380)
    for i in range(24):
        height = rng.uniform(60, 460)
        yield rect(i * 50 + 8, (HEIGHT - height) / 2, 30, height, (p.far, p.mid)[i % 2], rx=15)
    yield disc(x + 16, y + 20, 285, p.ink, opacity=0.3)
    yield disc(x, y, 285, p.ink)
    for radius in range(130, 280, 24):
        yield ring(x, y, radius, p.near, 4, stroke_dasharray=f"{rng.uniform(200, 600):.0f} 30")
    yield disc(x, y, 96, p.spark)
    yield disc(x, y, 14, p.sky)


def tiles(rng: Random, p: Palette) -> Iterator[str]:
    """Paths that turn at random, like the traces of a circuit."""
    size, d = 150, ""
    half = size // 2
    for x in range(0, WIDTH, size):
        for y in range(-37, HEIGHT, size):
            if rng.choice((True, False)):
                d += f"M{x + half},{y}a{half},{half} 0 0 1-{half},{half}m{size},0a{half},{half} 0 0 0-{half},{half}"
            else:
                d += f"M{x + half},{y}a{half},{half} 0 0 0 {half},{half}m-{size},0a{half},{half} 0 0 1 {half},{half}"
    yield rect(0, 0, WIDTH, HEIGHT, p.near)
    yield f'<defs><path id="t" d="{d}" fill="none"/></defs>'
    for colour, width in ((p.ink, 64), (p.mid, 40), (p.far, 8)):
        yield f'<use href="#t" stroke="{colour}" stroke-width="{width}"/>'
    for colour in (p.spark, p.spark, p.sky):
        yield disc(rng.randrange(1, 8) * size, rng.randrange(1, 4) * size + 38, 26, colour)


def cables(rng: Random, p: Palette) -> Iterator[str]:
    """A ship, and the cables it lays along the bed of the sea."""
    x = rng.uniform(220, 900)
    yield rect(0, 210, WIDTH, 465, p.far)
    yield shape(f"M{x - 130:.0f},168h66v-56h60v56h34l16,-30h10l-10,30h104l-30,54h-220z", p.ink)
    yield rect(x - 52, 80, 18, 40, p.spark)
    for colour, y in ((p.mid, 400), (p.near, 540)):
        yield shape(ridge(rng, y, 50, 6), colour)
    bend, dip = rng.uniform(560, 660), rng.uniform(300, 420)
    for i in range(6):
        d = f"M-40,{380 + i * 30}C360,{bend + i * 12:.0f} 700,{dip + i * 34:.0f} 1240,{440 + i * 22}"
        yield line(d, (p.ink, p.sky)[i % 2], 9)
    yield line(f"M{x + 120:.0f},196C{x + 160:.0f},420 {x - 80:.0f},500 {x - 300:.0f},560S60,640 -40,600", p.spark, 12)


def network(rng: Random, p: Palette) -> Iterator[str]:
    """Places, and which of them are connected."""
    reach = 235
    nodes = [((c + rng.uniform(0.2, 0.8)) * 200, (r + rng.uniform(0.2, 0.8)) * 169) for r in range(4) for c in range(6)]
    yield disc(rng.uniform(300, 900), rng.uniform(200, 470), 290, p.far, opacity=0.55)
    d = ""
    for i, (x, y) in enumerate(nodes):
        for other_x, other_y in nodes[i + 1 :]:
            if dist((x, y), (other_x, other_y)) < reach:
                d += f"M{x:.0f},{y:.0f}L{other_x:.0f},{other_y:.0f}"
    yield line(d, p.mid, 5)
    hub = rng.randrange(8, 16)
    for i, (x, y) in enumerate(nodes):
        radius = rng.choice((12, 16, 22, 32))
        if i == hub:
            yield disc(x, y, 66, p.spark)
        yield disc(x, y, 34 if i == hub else radius, p.ink if i == hub else (p.near, p.ink, p.mid)[i % 3])
