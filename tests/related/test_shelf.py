"""Models on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.progress import Progress

from jobs.progress import progress_bars
from jobs.train import train
from recommender.errors import ModelError
from recommender.related.model import Model
from recommender.related.shelf import Shelf
from recommender.service import Service
from tests.conftest import Publish
from tests.newsroom import article


@pytest.fixture
def bars() -> Progress:
    return progress_bars()


@pytest.fixture
def version(service: Service, publish: Publish, bars: Progress) -> str:
    publish(*(article(f"a{n}", body=f"river flood dyke rain{n % 3} boat{n % 2}") for n in range(9)))
    version = train(service, bars).version
    assert version
    return version


def parts(model: Model) -> list[NDArray[Any]]:
    sparse = [model.rows, model.expanded, model.near, model.choice]
    lists = [model.candidates, model.listed]
    arrays = [part for some in lists for part in (some.indices, some.cosines)]
    return [*(matrix.toarray() for matrix in sparse), *arrays, model.published]


def test_a_model_is_read_as_it_was_written(service: Service, version: str, tmp_path: Path) -> None:
    """Copied from one shelf to another, every number, word and parameter is the same, and it ranks the same lists."""
    model = service.shelf.get(version)
    Shelf(tmp_path).put("again", model)
    again = Shelf(tmp_path).get("again")
    assert (again.ids, again.terms, again.languages, again.ranking) == (
        model.ids,
        model.terms,
        model.languages,
        model.ranking,
    )
    for one, other in zip(parts(model), parts(again), strict=True):
        np.testing.assert_array_equal(one, other)
    unread = [article("unread", body="river flood in the harbour")]
    np.testing.assert_array_equal(again.lexicon.rows(unread).toarray(), model.lexicon.rows(unread).toarray())
    assert again.lexicon.rows(unread).nnz
    np.testing.assert_array_equal(again.with_lists().listed.indices, model.listed.indices)


def test_a_model_makes_the_same_rows_again(service: Service, version: str) -> None:
    """An article that has not changed gets the row it had, from the words as they were kept."""
    model = service.shelf.get(version)
    again = model.lexicon.rows(service.archive.articles())
    np.testing.assert_array_equal(again.toarray(), model.rows.toarray())


def test_a_damaged_or_missing_model_is_refused_by_name(service: Service, version: str) -> None:
    """A flipped bit is found by its checksum, and a version that is not here is said to be elsewhere."""
    directory = service.settings.data_dir / "models"
    file = directory / version / "expanded.data.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"expanded\.data\.npy is damaged"):
        Shelf(directory).check(version)
    file.unlink()
    with pytest.raises(ModelError, match="damaged"):
        Shelf(directory).get(version)
    with pytest.raises(ModelError, match="not on this machine"):
        Shelf(directory).get("20200101T000000Z")


def test_a_model_of_another_release_is_refused_and_trained_anew(service: Service, version: str, bars: Progress) -> None:
    """Its manifest says so first; a training run goes on without what it cannot read."""
    manifest = service.shelf.path(version) / "manifest.json"
    manifest.write_text('{"ranked_at": 0, "files": {"ids.json": "checksum"}}')
    with pytest.raises(ModelError, match="another release"):
        Shelf(service.settings.data_dir / "models").get(version)
    assert train(service, bars).version


def test_only_kept_versions_stay_on_the_shelf(service: Service, version: str, bars: Progress) -> None:
    """With each version that Redis drops, its model goes too."""
    versions = [version, *(train(service, bars).version for _ in range(3))]
    there = {path.name for path in (service.settings.data_dir / "models").iterdir()}
    assert there == set(versions[-service.settings.versions_keep :]) == set(service.lists.versions())


def test_the_report_of_a_version_is_kept_with_it(service: Service, version: str) -> None:
    """Figures as JSON, the same as in the run's facts, and a page with four plots."""
    page = (service.shelf.path(version) / "quality.html").read_text()
    assert page.count("<svg") == 4
    assert version in page
    quality = service.lists.versions()[version]["quality"]
    assert (quality["articles"], quality["coverage"], quality["overlap"]) == (9, 1.0, None)
