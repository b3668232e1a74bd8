"""Readings: what reading an article gives, kept on disk by content, so that a night reads only what changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.article import Article
from recommender.batched import batched
from recommender.checksum import checksum
from recommender.related.copies import fingerprint, sketches, word_hashes
from recommender.text.counts import FIELDS, Counts, count, gathered
from recommender.text.encoding import garbled
from recommender.text.fields import FieldReader
from recommender.text.words import Words

__all__ = ["Readings", "ReadingsCache", "read"]

_BATCH = 1000
_FEW = 10_000
"""Articles for which no processes are started: to start them takes as long as to read so many."""
_FORMAT = 4
"""Rises when reading changes, so that what was read in the old way is not used."""
_ARRAYS = ("headlines", "fingerprints", "sketches", "garbled")
_TEXTS = ("digests", "languages")


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of n articles.

    Attributes
    ----------
    digests : sequence of str, length n
        Of each article's content.
    languages : sequence of str, length n
        ISO 639-1 codes.
    headlines : array of uint64, shape (n,)
        The same for articles with the same title.
    fingerprints : array of uint64, shape (n, 2)
        The same for exact copies.
    sketches : array of uint32, shape (n, SKETCH)
        Near-copies have much of it in common.
    garbled : array of bool, shape (n,)
        Whether title or body look as if read in the wrong encoding.
    counts : Counts
    """

    digests: Sequence[str]
    languages: Sequence[str]
    headlines: NDArray[np.uint64]
    fingerprints: NDArray[np.uint64]
    sketches: NDArray[np.uint32]
    garbled: NDArray[np.bool_]
    counts: Counts


def read(
    digests: Sequence[str],
    documents: Iterable[str],
    reader: FieldReader,
    *,
    processes: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Readings:
    """Read articles, each the JSON text of one, in several processes where they are many."""
    total = len(digests)
    several = Parallel(processes if total > _FEW else 1, return_as="generator")
    batches = zip(batched(digests, _BATCH), batched(documents, _BATCH), strict=True)
    parts = [] if total else [_read([], [], reader)]
    for part in several(delayed(_read)(*batch, reader) for batch in batches):
        parts.append(part)
        progress(min(total, len(parts) * _BATCH))
    return _gathered(parts, np.arange(total))


def _read(digests: Sequence[str], documents: Sequence[str], reader: FieldReader) -> Readings:
    articles, words = [Article.model_validate_json(document) for document in documents], Words()
    texts = [reader.read(article, words) for article in articles]
    return Readings(
        digests,
        [fields.language for fields in texts],
        _numbers(hashlib.blake2b(article.title.casefold().encode(), digest_size=8).digest() for article in articles),
        _numbers(map(fingerprint, articles)).reshape(-1, 2),
        sketches([fields.body for fields in texts], word_hashes(words.stems)),
        np.array([garbled(f"{article.title} {article.body}") for article in articles], dtype=bool),
        count(texts, words),
    )


def _numbers(digests: Iterable[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def _gathered(parts: Sequence[Readings], places: NDArray[np.integer]) -> Readings:
    """Return the readings of articles of several parts, given by their places among all."""
    headlines, fingerprints, sketches, wrong = (
        np.concatenate([getattr(part, name) for part in parts])[places] for name in _ARRAYS
    )
    digests, languages = ([text for part in parts for text in getattr(part, name)] for name in _TEXTS)
    return Readings(
        [digests[place] for place in places.tolist()],
        [languages[place] for place in places.tolist()],
        headlines,
        fingerprints,
        sketches,
        wrong,
        gathered([part.counts for part in parts], places),
    )


class ReadingsCache:
    """The readings of the last run, under a directory: plain arrays, texts as JSON, and a manifest.

    Parameters
    ----------
    directory : Path or None
        Made when something is kept; None keeps nothing.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._unkept: tuple[Readings, FieldReader] | None = None

    def read(
        self,
        digests: Sequence[str],
        documents: Callable[[Sequence[int]], Iterable[str]],
        reader: FieldReader,
        *,
        processes: int = 1,
        progress: Callable[[int], None] = lambda _: None,
    ) -> tuple[Readings, int]:
        """Return the readings of articles, and how many had to be read; the others were kept. `keep` keeps these.

        Parameters
        ----------
        digests : sequence of str, length n
            Of the content of each.
        documents : callable
            Given places in ``digests``, returns the JSON text of those articles.
        reader : FieldReader
            What another reader read is not used.
        processes : int
        progress : callable
            Called with the number of articles done.
        """
        kept = _kept(self._directory, reader) if self._directory else None
        known = {digest: place for place, digest in enumerate(kept.digests)} if kept else {}
        missing = [place for place, digest in enumerate(digests) if digest not in known]
        done = len(digests) - len(missing)
        parts = [kept] if kept else []
        if missing or not kept:
            wanted = [digests[place] for place in missing]
            more = lambda count: progress(done + count)  # noqa: E731 - said once
            parts.append(read(wanted, documents(missing), reader, processes=processes, progress=more))
        found = parts[0]
        if len(parts) > 1 or found.digests != digests:
            places = {digest: place for place, digest in enumerate(chain(*(part.digests for part in parts)))}
            found = _gathered(parts, np.array([places[digest] for digest in digests], dtype=np.int64))
        if missing or len(known) != len(digests):
            self._unkept = (found, reader)
        return found, len(missing)

    def keep(self) -> None:
        """Keep what was read last, in place of what was kept, where it is another."""
        if self._directory and self._unkept:
            _keep(self._directory, *self._unkept)


def _kept(directory: Path, reader: FieldReader) -> Readings | None:
    """Return what the same reader read, if it is there and whole."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        if manifest["reader"] != _signature(reader):
            return None
        if any(checksum(directory / name) != mark for name, mark in manifest["files"].items()):
            return None
        return _load(directory, tuple(manifest["shape"]))
    except (OSError, ValueError, KeyError):
        return None


def _load(directory: Path, shape: tuple[int, int]) -> Readings:
    def array(name: str) -> Any:
        return np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    def texts(name: str) -> list[str]:
        loaded: list[str] = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
        return loaded

    def matrix(name: str) -> csr_matrix:
        return csr_matrix((array(f"{name}.data"), array(f"{name}.indices"), array(f"{name}.indptr")), shape=shape)

    title, lead, body = (matrix(name) for name in FIELDS)
    counts = Counts(texts("stems"), texts("written"), title, lead, body)
    headlines, fingerprints, sketches, wrong = (array(name) for name in _ARRAYS)
    return Readings(texts("digests"), texts("languages"), headlines, fingerprints, sketches, wrong, counts)


def _keep(directory: Path, readings: Readings, reader: FieldReader) -> None:
    unfinished = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    arrays = {name: getattr(readings, name) for name in _ARRAYS}
    for name in FIELDS:
        matrix = getattr(readings.counts, name)
        arrays |= {f"{name}.{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
    for name, values in arrays.items():
        np.save(unfinished / f"{name}.npy", values, allow_pickle=False)
    texts = {name: getattr(readings, name) for name in _TEXTS}
    texts |= {"stems": readings.counts.stems, "written": readings.counts.written}
    for name, values in texts.items():
        (unfinished / f"{name}.json").write_text(json.dumps(list(values)), encoding="utf-8")
    manifest = {
        "reader": _signature(reader),
        "shape": readings.counts.body.shape,
        "files": {file.name: checksum(file) for file in sorted(unfinished.iterdir())},
    }
    (unfinished / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    shutil.rmtree(directory, ignore_errors=True)
    unfinished.rename(directory)


def _signature(reader: FieldReader) -> str:
    described = [_FORMAT, reader.language.main, sorted(reader.boilerplate.pieces)]
    return hashlib.blake2b(json.dumps(described).encode(), digest_size=16).hexdigest()
