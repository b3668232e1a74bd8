"""A growth on disk: what is read is what was kept, and keeping costs what has changed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from jobs.progress import progress_bars
from jobs.refresh import Refresh, refresh
from jobs.train import train
from recommender.errors import ModelError
from recommender.intake import withdraw
from recommender.related.copies import CopyRule
from recommender.related.folding import Folding
from recommender.related.growth import Growth
from recommender.related.growth_file import GrowthFile
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article

WORDS = "river dyke flood water sandbag village rain gauge rescue boat meadow bridge harbour storm".split()  # noqa: SIM905 - prose


def about(seed: int) -> str:
    return " ".join(np.random.default_rng(seed).permutation(WORDS)[:9])


@pytest.fixture
def version(service: Service, publish: Publish) -> str:
    """A version of twenty articles."""
    publish(*(article(f"a{number}", body=about(number)) for number in range(20)))
    return str(train(service, progress_bars()).version)


def path_of(service: Service, version: str) -> Path:
    return service.shelf.path(version) / "growth.sqlite"


def same(one: Any, other: Any) -> None:
    """Everything in them is the same."""
    if isinstance(one, csr_matrix):
        same([one.data, one.indices, one.indptr, one.shape], [other.data, other.indices, other.indptr, other.shape])
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for part, its in zip(one, other, strict=True):
            same(part, its)
    elif hasattr(one, "__dataclass_fields__"):
        names = one.__dataclass_fields__.keys() - {"model", "unkept"}
        same({name: getattr(one, name) for name in names}, {name: getattr(other, name) for name in names})
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


def test_a_growth_is_read_as_it_was_kept_at_once_or_bit_by_bit(
    service: Service, publish: Publish, version: str
) -> None:
    """New articles and copies of them, changed and withdrawn ones, kept a few at a time; what was read stays."""
    model, path, archive = service.shelf.get(version), path_of(service, version), service.archive
    growth, read = Growth(model, position=archive.position), [Growth(model)]
    folding = Folding(growth, CopyRule(0.8, 72, 0.5), archive.get)
    with closing(GrowthFile(path)) as file:
        for turn in range(3):
            new = [article(f"new{turn}-{number}", body=about(20 + 5 * turn + number)) for number in range(3)]
            near = article(f"near{turn}", body=f"{new[1].body} harbour")
            copy = article(f"copy{turn}", body=new[0].body)
            publish(*new, near, copy, article(f"a{turn}", body=about(90 + turn)))
            withdraw(f"a{10 + turn}", archive, service.intake)
            folding.take_in([one for _, one in archive.changes(growth.position, 100)])
            growth.position = archive.position
            file.keep(growth)
            same(GrowthFile(path).read(Growth(model)), growth)
            read.append(GrowthFile(path).read(read[-1]))
            same(read[-1], growth)
            assert file.position() == archive.position
    assert len(growth.near)
    assert [one.position for one in read] == sorted({one.position for one in read})
    assert [len(one.ids) for one in read] == [0, 6, 12, 18]
    changed = {growth.name(place) for place in GrowthFile(path).written_since(read[2].position)}
    assert changed >= {"a2", "new2-1", "a12"}
    assert not changed & {"a10", "a11"}


def test_a_keeping_killed_at_any_statement_leaves_what_was_there_or_all(
    service: Service, publish: Publish, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files as they are before each statement of two keepings, the first of which makes them, are read whole."""
    model, path = service.shelf.get(version), path_of(service, version)
    states: list[Growth] = [Growth(model)]
    dead: list[tuple[Path, int]] = []
    connect = sqlite3.connect

    def die(_: str) -> None:
        image = tmp_path / f"image{len(dead)}"
        image.mkdir()
        for file in path.parent.glob("growth.sqlite*"):
            shutil.copy(file, image)
        dead.append((image / path.name, len(states)))

    def traced(*arguments: Any, **options: Any) -> Any:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(die)
        return connection

    with closing(Refresh(service)) as work:
        for turn in range(2):
            publish(article(f"new{turn}", body=about(20 + turn)))
            with monkeypatch.context() as patch:
                patch.setattr(sqlite3, "connect", traced)
                assert work.step()
            states.append(GrowthFile(path).read(Growth(model)))
    positions = set[int]()
    for image, count in dead:
        kept = GrowthFile(image).read(Growth(model))
        positions.add(kept.position)
        assert kept.position in {0, *(state.position for state in states[:count])}
        same(kept, next(state for state in states if state.position == kept.position))
    assert len(dead) > 60
    assert positions == {0, states[1].position}


def test_keeping_costs_what_has_changed(service: Service, version: str) -> None:
    """Of a growth of two thousand articles, one changed list is written as a fiftieth at most of all."""
    model, path = service.shelf.get(version), path_of(service, version)
    growth = Growth(model, position=1)
    for number in range(2000):
        growth.append([f"new{number}"], ["world"], ["en"], [0.0], csr_matrix(model.rows[:1]))
        growth.own(growth.size - 1)
    with closing(GrowthFile(path)) as file:
        file.keep(growth)
    every = path.stat().st_size
    with closing(GrowthFile(path)) as file:
        growth.own(7).listed[0] = 3
        growth.position = 2
        file.keep(growth)
        assert path.stat().st_size == every
        assert path.with_name(f"{path.name}-wal").stat().st_size < every / 50
        assert file.read(Growth(model)).entry(7).listed[0] == 3


def test_a_growth_of_another_format_or_a_damaged_one_is_refused_by_name(
    service: Service, publish: Publish, version: str
) -> None:
    """Neither explanations nor a refresh read it; the lists stay as they are."""
    publish(article("new", body=about(50)))
    refresh(service)
    path = path_of(service, version)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    publish(article("newer", body=about(51)))
    for _ in range(2):
        with pytest.raises(ModelError, match="by another release"):
            service.shelf.growth(version)
        with pytest.raises(ModelError, match="by another release"):
            refresh(service)
    path.write_bytes(b"no database" * 999)
    with pytest.raises(ModelError, match="cannot be read"):
        service.shelf.growth(version)
    assert service.lists.read("new")[1]


def test_nothing_is_made_where_nothing_was_kept(service: Service, version: str) -> None:
    """Reading a version as it was made leaves its directory as it was."""
    path = path_of(service, version)
    assert GrowthFile(path).position() == 0
    assert service.shelf.growth(version).entries == {}
    assert not list(path.parent.glob("growth*"))
