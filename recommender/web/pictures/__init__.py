"""Pictures for articles that come without: drawn from the article's id, in the manner of its section."""

from __future__ import annotations

import hashlib
from random import Random

from recommender.article import section_key
from recommender.web.pictures import leisure, nature, society
from recommender.web.pictures.canvas import HEIGHT, WIDTH, Motif, Palette

__all__ = ["picture", "tone"]

_PALETTES: dict[str, tuple[Palette, ...]] = {
    "politics": (
        Palette("#f1e3cf", "#dcb48c", "#b5613f", "#7a2e35", "#2b1a2c", "#f3b33d"),
        Palette("#e7dfe4", "#c0a4b4", "#8d5b7d", "#54305c", "#221634", "#ef7b45"),
        Palette("#efe7d6", "#cfc09c", "#8f8562", "#4d4c45", "#1f2328", "#c8372d"),
    ),
    "climate": (
        Palette("#dcebe6", "#a3cac3", "#569a9c", "#1f6473", "#0d3142", "#f2a14a"),
        Palette("#f6e3c8", "#e6b387", "#b9796b", "#5f5a73", "#262f4a", "#e8562f"),
        Palette("#d9e4ee", "#a4bdd4", "#6489ad", "#345a80", "#142c48", "#f5c451"),
    ),
    "sport": (
        Palette("#eef2d8", "#b4cf6f", "#4f9150", "#1e6048", "#0f302c", "#ff6b3a"),
        Palette("#f7e9dc", "#f0a37a", "#d5573c", "#8f2f33", "#33161f", "#ffd24a"),
        Palette("#e6f1f7", "#9ccbe3", "#3f8fc0", "#1c5788", "#0c2a4a", "#ff7a45"),
    ),
    "business": (
        Palette("#f4e7c9", "#e2b95f", "#bb8130", "#3e5b74", "#14293c", "#d8452f"),
        Palette("#e6ebe9", "#adc0bd", "#6c8a8c", "#3a5560", "#16272f", "#f08a36"),
        Palette("#f3ddd0", "#dd9f83", "#b35f4f", "#5b3f52", "#221c30", "#f2c14b"),
    ),
    "technology": (
        Palette("#e2e5f7", "#a3b2ea", "#5d6bc8", "#30307f", "#16163c", "#41d8c6"),
        Palette("#dff0ee", "#8fcdc8", "#3a9196", "#175663", "#0a2733", "#ff8a5b"),
        Palette("#f0e4f3", "#cfa5dc", "#8a55b0", "#4a2a78", "#1e1240", "#ffce54"),
    ),
    "science": (
        Palette("#f0e9ff", "#a89ad8", "#5d4fa3", "#2f2769", "#120f33", "#ffb84d"),
        Palette("#e3f1f5", "#86b9c9", "#3c7690", "#17405c", "#071d33", "#ffd36b"),
        Palette("#fbe9df", "#e0a08c", "#99506a", "#4c2650", "#1b1030", "#7fe0c3"),
    ),
    "health": (
        Palette("#fce8df", "#f5baa8", "#e2736c", "#a53c57", "#40193a", "#2aa296"),
        Palette("#e2f2ec", "#a4d8c8", "#54ab9c", "#1f6f70", "#0d3a43", "#f2665a"),
        Palette("#f4e6f0", "#dcaed0", "#b0699f", "#6d3a70", "#2c1a3d", "#f6b34a"),
    ),
    "culture": (
        Palette("#f6e3df", "#e0919a", "#b53a5d", "#701b47", "#2c0d2c", "#f2b83f"),
        Palette("#efe9da", "#cdb98c", "#96794a", "#54442f", "#221c18", "#d24b34"),
        Palette("#e4e4f4", "#aaa6d9", "#6d62b0", "#3e2f78", "#191238", "#ff8c69"),
    ),
    "world": (
        Palette("#f0e6d2", "#cfc29b", "#80a5a2", "#366a80", "#14354e", "#e2613b"),
        Palette("#dfe9f2", "#a9c1d6", "#6b90ad", "#335a7b", "#12304b", "#f4b942"),
        Palette("#f3e1d3", "#dcae8f", "#a9746a", "#5f4358", "#251d33", "#3fb3a2"),
    ),
}
_MOTIFS: dict[str, tuple[Motif, ...]] = {
    "politics": (society.hemicycle, society.colonnade, society.ballots),
    "climate": (nature.hills, nature.waves, nature.turbines, nature.river),
    "sport": (leisure.track, leisure.pitch, leisure.slopes),
    "business": (society.harbour, society.bars, society.works),
    "technology": (leisure.tiles, leisure.cables, leisure.network),
    "science": (nature.orbits, nature.trails, nature.seeds),
    "health": (nature.cells, nature.pulse, nature.capsules),
    "culture": (leisure.curtain, leisure.frames, leisure.record),
    "world": (society.contours, society.globe, society.lighthouse),
}
_PLAIN = (society.contours, nature.hills, nature.waves, leisure.tiles, leisure.frames, society.lighthouse)
"""For sections that have no motif of their own."""

_DARK = frozenset({nature.orbits, nature.trails, nature.seeds})
"""Motifs of the night: the ground is the darkest colour, not the lightest."""


def tone(section: str | None) -> str:
    """Return which of the colour families a section has: its own, or one that its name falls on."""
    key = section_key(section)
    return key if key in _PALETTES else list(_PALETTES)[_hash(key) % len(_PALETTES)]


def picture(article_id: str, section: str | None) -> str:
    """Draw the picture of an article: an SVG document, the same each time, of less than 6 kB."""
    rng = Random(_hash(article_id))  # noqa: S311 - nothing secret
    palette = rng.choice(_PALETTES[tone(section)])
    motif = rng.choice(_MOTIFS.get(section_key(section), _PLAIN))
    top, bottom = (palette.ink, palette.near) if motif in _DARK else (palette.sky, palette.far)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<linearGradient id="g" x2="0" y2="1"><stop stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/>'
        f'</linearGradient><rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>{"".join(motif(rng, palette))}</svg>'
    )


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
