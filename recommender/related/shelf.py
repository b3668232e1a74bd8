"""The shelf: the model of each kept version, on disk, as plain arrays and text with checksums."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix

from recommender.checksum import checksum
from recommender.errors import ModelError
from recommender.related.growth import Growth
from recommender.related.growth_file import GrowthFile
from recommender.related.kin import Kin
from recommender.related.model import Model
from recommender.related.neighbours import Neighbours
from recommender.related.ranking import Ranking
from recommender.text.boilerplate import Boilerplate
from recommender.text.fields import FieldReader
from recommender.text.language import LanguageGuess
from recommender.text.lexicon import Lexicon
from recommender.text.tfidf import FieldTfidf

__all__ = ["Shelf"]

_FORMAT = 4
"""Of the files; a model in another format is not read."""
_ARRAYS = ("published", "originals", "stand_ins")
_MATRICES = {"rows": csr_matrix, "expanded": csr_matrix, "near": csr_array, "choice": csr_array, "trust": csr_array}
_LISTS = ("candidates", "listed")
_TEXTS = ("ids", "sections", "languages", "digests", "terms")


class Shelf:
    """The models under a directory, one directory for each version.

    Parameters
    ----------
    directory : Path
        Made when something is put on it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: LRUCache[str, Model] = LRUCache(2)
        self._grown: dict[str, Growth] = {}
        self._mutex = threading.Lock()

    def _manifest(self, version: str) -> dict[str, Any]:
        try:
            manifest: dict[str, Any] = json.loads((self.path(version) / "manifest.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ModelError(
                f"the model of version {version} is not on this machine; it was trained elsewhere"
            ) from error
        if manifest.get("format") != _FORMAT:
            raise ModelError(f"the model of version {version} was written by another release; train again")
        return manifest

    def path(self, version: str) -> Path:
        """Return where a version's files are."""
        return self._directory / version

    def put(self, version: str, model: Model) -> None:
        """Write a model; the manifest, which makes it whole, last."""
        directory = self.path(version)
        self.drop(version)
        directory.mkdir(parents=True)
        arrays = {name: getattr(model, name) for name in _ARRAYS}
        for name in _LISTS:
            lists = getattr(model, name)
            arrays |= {f"{name}.indices": lists.indices, f"{name}.cosines": lists.cosines}
        for name in _MATRICES:
            matrix = getattr(model, name)
            arrays |= {f"{name}.{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
        kin = model.kin
        arrays |= {"kin.indices": kin.found.indices, "kin.cosines": kin.found.cosines, "kin.bounds": kin.bounds}
        for name, array in arrays.items():
            np.save(directory / f"{name}.npy", array, allow_pickle=False)
        for name in _TEXTS:
            (directory / f"{name}.json").write_text(json.dumps(list(getattr(model, name))), encoding="utf-8")
        np.save(directory / "lexicon.idf.npy", model.lexicon.tfidf.idf_, allow_pickle=False)
        (directory / "lexicon.json").write_text(json.dumps(_described(model.lexicon)), encoding="utf-8")
        manifest = {
            "format": _FORMAT,
            "ranked_at": model.ranked_at,
            "kin": kin.k,
            "ranking": asdict(model.ranking),
            "shapes": {name: getattr(model, name).shape for name in _MATRICES},
            "files": {file.name: (file.stat().st_size, checksum(file)) for file in sorted(directory.iterdir())},
        }
        (directory / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")

    @cachedmethod(lambda self: self._read, lock=lambda self: self._mutex)
    def get(self, version: str) -> Model:
        """Return the model of a version; its arrays stay on disk until they are used.

        Raises
        ------
        ModelError
            When it is not there, or a file is missing or of another size than it was; `check` looks at each byte.
        """
        directory, manifest = self.path(version), self._manifest(version)
        for name, (size, _) in manifest["files"].items():
            if not (directory / name).is_file() or (directory / name).stat().st_size != size:
                raise _damaged(directory / name)

        def array(name: str) -> Any:
            return np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False)

        def matrix(name: str, kind: Any) -> Any:
            parts = (array(f"{name}.data"), array(f"{name}.indices"), array(f"{name}.indptr"))
            return kind(parts, shape=manifest["shapes"][name])

        parts: dict[str, Any] = {
            **{name: json.loads((directory / f"{name}.json").read_text(encoding="utf-8")) for name in _TEXTS},
            **{name: array(name) for name in _ARRAYS},
            **{name: matrix(name, kind) for name, kind in _MATRICES.items()},
            **{name: Neighbours(array(f"{name}.indices"), array(f"{name}.cosines")) for name in _LISTS},
        }
        described = json.loads((directory / "lexicon.json").read_text(encoding="utf-8"))
        return Model(
            **parts,
            kin=Kin(Neighbours(array("kin.indices"), array("kin.cosines")), array("kin.bounds"), manifest["kin"]),
            lexicon=_lexicon(described, array("lexicon.idf")),
            ranked_at=manifest["ranked_at"],
            ranking=Ranking(**manifest["ranking"]),
        )

    def check(self, version: str) -> None:
        """Compare every file of a version with its checksum, which takes a fifth of a second for 100,000 articles.

        Raises
        ------
        ModelError
            When one is not as it was written.
        """
        directory = self.path(version)
        for name, (_, kept) in self._manifest(version)["files"].items():
            if not (directory / name).is_file() or checksum(directory / name) != kept:
                raise _damaged(directory / name)

    def growth(self, version: str) -> Growth:
        """Return the model of a version with what came after it, as last kept.

        Raises
        ------
        ModelError
            As `get` does.
        """
        model, file = self.get(version), self.growth_file(version)
        with self._mutex:
            growth, kept = self._grown.get(version, Growth(model)), file.position()
            if growth.position != kept:
                growth = file.read(growth if growth.position < kept else Growth(model))
                self._grown = {version: growth}
            return growth

    def growth_file(self, version: str) -> GrowthFile:
        """Return what is kept of what came after the model of a version."""
        return GrowthFile(self.path(version) / "growth.sqlite")

    def drop(self, version: str) -> None:
        """Remove what there is of a version."""
        shutil.rmtree(self.path(version), ignore_errors=True)

    def keep(self, versions: Collection[str], *, before: str) -> None:
        """Drop every other version that is older than ``before``."""
        if self._directory.is_dir():
            for directory in self._directory.iterdir():
                if directory.name < before and directory.name not in versions:
                    shutil.rmtree(directory, ignore_errors=True)


def _described(lexicon: Lexicon) -> dict[str, Any]:
    """Return all of a lexicon but its idf, for JSON."""
    return {
        "boilerplate": sorted(lexicon.reader.boilerplate.pieces),
        "language": lexicon.reader.language.main,
        "stems": lexicon.tfidf.terms_,
        "mean_lengths": lexicon.tfidf.mean_lengths_.tolist(),
        "learned_at": lexicon.learned_at,
    }


def _lexicon(described: dict[str, Any], idf: NDArray[np.float32]) -> Lexicon:
    boilerplate = Boilerplate(frozenset((kind, text) for kind, text in described["boilerplate"]))
    tfidf = FieldTfidf()
    tfidf.terms_, tfidf.idf_ = described["stems"], idf
    tfidf.mean_lengths_ = np.array(described["mean_lengths"])
    return Lexicon(FieldReader(boilerplate, LanguageGuess(described["language"])), tfidf, described["learned_at"])


def _damaged(file: Path) -> ModelError:
    return ModelError(f"{file} is damaged; train again, or roll back to another version")
