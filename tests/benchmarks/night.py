"""The night at several sizes, beside what one would write first, in one run: `make benchmark ARTICLES=FILE`.

Every line is a process of its own, so that its peak of memory is its own, beside a Redis that runs, as on a site. The
two opponents compare a sample of the articles with all; their time is what that took, times articles / sample: each
article costs them the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import linear_kernel
from sparse_dot_topn import sp_matmul_topn

from jobs.sources import Record, read_source
from recommender.article import Article, parse_article
from recommender.errors import ArticleError
from recommender.redis.embedded import EmbeddedRedis
from recommender.related.neighbours import nearest
from recommender.related.shelf import Shelf
from tests.running import own_environment

_MODULE = "tests.benchmarks.night"
_K = 10
_CHUNK = 512
_CHANGED = 50
"""One article in so many changes before a night."""
_IMPORT = ("-m", "recommender.cli", "import")
_TRAIN = ("-m", "recommender.cli", "train", "--json", "--force")
_NIGHTS: tuple[tuple[str, bool, dict[str, str]], ...] = (
    ("2 % changed", True, {}),
    ("2 % changed, idf afresh", True, {"RECOMMENDER_RELATED_DRIFT": "0"}),
    ("nothing changed", False, {}),
)
"""What they are called, whether articles change before, and their settings."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds, seconds of processor time, gigabytes at most, and what it printed as JSON."""

    seconds: float
    processor: float
    memory: float
    printed: Any


@click.command(context_settings={"show_default": True})
@click.argument("articles", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--sizes", default="12500,25000,50000,105359", help="Numbers of articles, the first of all given.")
@click.option("--sample", default=2048, help="Articles that the opponents compare with all, and recall is taken of.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Where the data directories go [default: a new one].")
@click.option("--opponents/--no-opponents", default=True, help="Whether the opponents run.")
def main(articles: Sequence[Path], sizes: str, sample: int, scratch: Path | None, *, opponents: bool) -> None:
    """Train on ARTICLES at several sizes and print a table."""
    click.echo(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, sample {sample:,}")
    before = None
    for size in map(int, sizes.split(",")):
        with tempfile.TemporaryDirectory(dir=scratch) as directory:
            before = _measured(Path(directory), articles, size, sample, before, opponents=opponents)


def _measured(
    directory: Path, files: Sequence[Path], size: int, sample: int, before: Cost | None, *, opponents: bool
) -> Cost:
    export, data_dir = directory / "articles.jsonl", directory / "data"
    with export.open("w", encoding="utf-8") as lines:
        size = sum(1 for article in islice(_articles(files), size) if lines.write(article.model_dump_json() + "\n"))
    click.echo(f"\n{size:,} articles")
    with EmbeddedRedis(data_dir):
        full = _trained(export, data_dir, before)
        recall = _run("-m", _MODULE, "recall", str(data_dir), full.printed["version"], str(sample))
        for name, share in recall.printed.items():
            click.echo(f"  recall@10, {name:<31}{share:.4f}")
        if opponents:
            for name, part in (("scikit-learn, in chunks", "obvious"), ("sparse_dot_topn", "topn")):
                cost = _run("-m", _MODULE, part, str(export), str(sample))
                whole = Cost(cost.printed["seconds"], cost.printed["processor"], cost.memory, None)
                _line(name, whole, f"{_ratio(whole, full)} ours; TF-IDF {cost.printed['weighing']:.0f} s of it")
        for first, (name, changes, settings) in enumerate(_NIGHTS):
            if changes:
                _change(export, first)
                _run(*_IMPORT, str(export), "--data-dir", str(data_dir))
            night = _run(*_TRAIN, "--data-dir", str(data_dir), **settings)
            _line(name, night, f"{_ratio(night, full)} a full run, {night.printed['read']:,} read")
            click.echo(
                f"    idf {'learned afresh' if night.printed['relearned'] else 'kept'}, drift {night.printed['drift']}"
            )
            _steps(night)
    return full


def _trained(export: Path, data_dir: Path, before: Cost | None) -> Cost:
    _line("import", _run(*_IMPORT, str(export), "--data-dir", str(data_dir)))
    full = _run(*_TRAIN, "--data-dir", str(data_dir))
    _line("training in full", full, f"{_ratio(full, before)} the size before's" if before else "")
    _steps(full)
    return full


def _articles(files: Sequence[Path]) -> Iterator[Article]:
    for file in files:
        for record in read_source(str(file)):
            try:
                if isinstance(record, Record):
                    yield parse_article(record.fields)
            except ArticleError:
                continue


def _change(export: Path, first: int) -> None:
    """Give one article in fifty, from the first on, the next one's first half."""
    lines = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()]
    for one, other in zip(lines[first::_CHANGED], lines[first + 1 :: _CHANGED], strict=False):
        one["body"] = other["body"][: len(other["body"]) // 2] + one["body"][len(one["body"]) // 2 :]
    export.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _ratio(one: Cost, other: Cost) -> str:
    return (
        f"{one.seconds / other.seconds:.2f} times the time, {one.processor / other.processor:.2f} the processor's, of"
    )


def _line(name: str, cost: Cost, note: str = "") -> None:
    click.echo(
        f"  {name:<30}{cost.seconds:9.1f} s {cost.processor:9.1f} s processor {cost.memory:6.2f} GB  {note}".rstrip()
    )


def _steps(night: Cost) -> None:
    for name, seconds in night.printed["seconds"].items():
        click.echo(f"    {name:<32}{seconds:7.1f} s")


def _run(*arguments: str, **settings: str) -> Cost:
    """Run Python with these arguments and settings; the last line that it prints is JSON, or nothing."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=own_environment() | settings,
    ) as process:
        assert process.stdout
        printed = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(arguments)} failed: {printed}")
    last = (printed.strip().splitlines() or [""])[-1]
    return Cost(
        time.perf_counter() - started,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1e6,
        json.loads(last) if last.startswith("{") else None,
    )


def _recall(data_dir: str, version: str, sample: str) -> dict[str, float]:
    """Compare what a model found by own words and by expanded words with all pairs of a sample, multiplied out."""
    model = Shelf(Path(data_dir) / "models").get(version)
    some = np.sort(np.random.default_rng(0).permutation(len(model.ids))[: int(sample)])
    every = np.arange(len(model.ids))
    asked = np.isin(every, some)
    exact = nearest(model.expanded, model.stand_ins, k=_K, floor=0, fresh=asked).cosines[some]
    own = np.zeros((len(some), _K), dtype=np.float32)
    for start in range(0, len(some), _CHUNK):
        block = some[start : start + _CHUNK]
        product = (model.rows[block] @ model.rows.T).toarray()
        product[:, model.originals != every] = 0
        product[model.originals[block, None] == every] = 0
        own[start : start + len(block)] = -np.sort(np.partition(-product, _K, axis=1)[:, :_K], axis=1)
    return {
        "own words": _found(model.kin.found.cosines[some], own),
        "expanded words": _found(model.candidates.cosines[some], exact),
    }


def _found(found: NDArray[np.float32], exact: NDArray[np.float32]) -> float:
    """Return the share of the ten nearest, or others as near, among the ten found."""
    least = exact[:, -1:] - 1e-5
    return float(((found[:, :_K] >= least) & (found[:, :_K] > 0)).sum() / max(1, (exact > 0).sum()))


def _obvious(export: str, sample: str) -> dict[str, float]:
    """Do what one writes first: chunks of the dense product, and the ten largest of each row."""
    rows, some = _weighed(export, int(sample))
    weighed = _now()
    for start in range(0, len(some), _CHUNK):
        block = some[start : start + _CHUNK]
        product = linear_kernel(rows[block], rows)
        product[np.arange(len(block)), block] = 0
        best = np.argpartition(-product, _K, axis=1)[:, :_K]
        np.take_along_axis(best, np.argsort(-np.take_along_axis(product, best, 1), axis=1), 1)
    return _scaled(weighed, len(rows.indptr) / len(some))


def _topn(export: str, sample: str) -> dict[str, float]:
    rows, some = _weighed(export, int(sample))
    columns, weighed = csr_matrix(rows.T), _now()
    sp_matmul_topn(rows[some], columns, top_n=_K + 1, sort=True, n_threads=os.cpu_count())
    return _scaled(weighed, len(rows.indptr) / len(some))


def _weighed(export: str, sample: int) -> tuple[csr_matrix, NDArray[np.int64]]:
    with Path(export).open(encoding="utf-8") as lines:
        texts = [f"{one['title']} {one['summary']} {one['body']}" for one in map(json.loads, lines)]
    rows = csr_matrix(TfidfVectorizer(dtype=np.float32).fit_transform(texts))
    return rows, np.sort(np.random.default_rng(0).permutation(len(texts))[:sample])


def _now() -> tuple[float, float]:
    return time.perf_counter() - _STARTED, time.process_time()


def _scaled(weighed: tuple[float, float], times: float) -> dict[str, float]:
    """Return what the whole would have taken, if comparing takes so many times what it took."""
    seconds, processor = (part + times * (now - part) for part, now in zip(weighed, _now(), strict=True))
    return {"seconds": seconds, "processor": processor, "weighing": weighed[0]}


_STARTED = time.perf_counter()
_PARTS: dict[str, Callable[..., dict[str, float]]] = {"recall": _recall, "obvious": _obvious, "topn": _topn}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in _PARTS:
        sys.stdout.write(json.dumps(_PARTS[sys.argv[1]](*sys.argv[2:])) + "\n")
    else:
        main()
