"""A growth on disk: one file beside its model, replaced whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.related.growth import Entry, Growth
from recommender.related.kin import Kin
from recommender.related.model import Model
from recommender.related.neighbours import Neighbours

__all__ = ["read_growth", "write_growth"]

_ARRAYS = ("published", "moved", "originals", "stand_ins", "near", "kin_of")
_PARTS = ("candidates", "cosines", "listed", "scores")


def write_growth(file: Path, growth: Growth) -> None:
    """Write a growth; a reader finds the one before or this one."""
    texts = {name: getattr(growth, name) for name in ("position", "ids", "sections", "languages")}
    arrays: dict[str, NDArray[np.generic]] = {
        "texts": np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8),
        **{name: getattr(growth, name) for name in _ARRAYS},
        "places": np.array(list(growth.entries), dtype=np.int64),
    }
    for name in ("rows", "expanded"):
        matrix = getattr(growth, name)
        arrays |= {f"{name}.{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
    if growth.kin:
        found = growth.kin.found
        arrays |= {"kin.indices": found.indices, "kin.cosines": found.cosines, "kin.bounds": growth.kin.bounds}
    for name in _PARTS:
        arrays[name] = np.array([getattr(entry, name) for entry in growth.entries.values()])
    written = file.with_suffix(".writing")
    with written.open("wb") as content:
        np.savez(content, allow_pickle=False, **arrays)
    written.replace(file)


def read_growth(file: Path, model: Model) -> Growth:
    """Read the growth of a model."""
    with np.load(file, allow_pickle=False) as arrays:
        parts = {name: arrays[name] for name in arrays.files}
    texts = json.loads(parts["texts"].tobytes())

    def matrix(name: str) -> csr_matrix:
        there = (parts[f"{name}.data"], parts[f"{name}.indices"], parts[f"{name}.indptr"])
        return csr_matrix(there, shape=(len(there[2]) - 1, model.rows.shape[1]))

    kin = None
    if "kin.bounds" in parts:
        kin = Kin(Neighbours(parts["kin.indices"], parts["kin.cosines"]), parts["kin.bounds"], model.kin.k)
    entries = zip(parts["places"].tolist(), *(parts[name] for name in _PARTS), strict=True)
    return Growth(
        model,
        **texts,
        **{name: parts[name] for name in _ARRAYS},
        kin=kin,
        rows=matrix("rows"),
        expanded=matrix("expanded"),
        entries={place: Entry(*entry) for place, *entry in entries},
    )
