"""Who gets which variant: a pure function, so that a site's own server can work it out too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

__all__ = ["assigned", "bounds", "factor"]


def bounds(shares: Mapping[str, int]) -> dict[str, float]:
    """Return where the part of each variant ends between 0 and 1, in the order given.

    Parameters
    ----------
    shares : mapping of variant to percent
    """
    ends, end = {}, 0
    for variant, share in shares.items():
        end += share
        ends[variant] = end / 100
    return ends


def factor(experiment: str) -> int:
    """Return what a browser multiplies its number by, a random one between 0 and 1 that it keeps.

    The fraction of the product falls into the part of one variant; another experiment divides the browsers anew.
    """
    return 10_000 + int.from_bytes(hashlib.sha256(experiment.encode()).digest()[:3], "big")


def assigned(experiment: str, visitor: str, shares: Mapping[str, int]) -> str | None:
    """Return the variant of a visitor, always the same; None: not in the experiment.

    The first 8 bytes of SHA-256 of experiment, line feed and visitor, as a number between 0 and 1, fall into the part
    of one variant. Experiments are independent of each other, because each has its own name.

    Parameters
    ----------
    experiment, visitor : str
    shares : mapping of variant to percent
        In the order of the experiment.

    Examples
    --------
    >>> assigned("calm-trending", "reader-7", {"control": 50, "calm": 50})
    'control'
    """
    digest = hashlib.sha256(f"{experiment}\n{visitor}".encode()).digest()
    number = int.from_bytes(digest[:8]) / 2**64
    return next((variant for variant, end in bounds(shares).items() if number < end), None)
