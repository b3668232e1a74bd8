"""Evaluation of the related ranking on small sets whose figures can be worked out by hand, and on real ones."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy.stats import pearsonr, spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import average_precision_score, ndcg_score

from recommender.cli import main
from tests.shared import shared_file

Write = Callable[[str, Sequence[Sequence[object]]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, rows: Sequence[Sequence[object]]) -> Path:
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        return tmp_path / name

    return write


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["evaluate", "related", *map(str, arguments), "--json"])


def figures(*arguments: object) -> dict[str, dict[str, float]]:
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    found: dict[str, dict[str, float]] = json.loads(result.stdout)
    assert set(found) == {"product", "defaults"}
    return found


def label_figures(similar: np.ndarray[Any, Any], names: list[set[str]]) -> dict[str, float]:
    """The slow way: one article after the other, by scikit-learn's own metrics."""
    rows = []
    for one in range(len(names)):
        others = [other for other in range(len(names)) if other != one]
        relevant = np.array([bool(names[one] & names[other]) for other in others])
        if not relevant.any():
            continue
        scores = similar[one, others]
        hits = relevant[np.argsort(-scores, kind="stable")]
        rows.append(
            {
                "p_at_1": hits[0],
                "p_at_5": hits[:5].sum() / min(5, relevant.sum()),
                "map": average_precision_score(relevant, scores),
                "ndcg_at_10": ndcg_score(relevant[None], scores[None] - np.arange(len(scores)) * 1e-12, k=10),
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def test_figures_with_labels_are_those_of_a_slow_loop(tmp_path: Path, write: Write) -> None:
    """For scikit-learn's defaults every figure is recomputed one article at a time; articles need only id and text."""
    random = np.random.default_rng(3)
    texts = [" ".join(f"w{word}" for word in random.zipf(1.4, 40) % 50 + 5 * (n % 4)) for n in range(40)]
    articles = tmp_path / "articles.jsonl"
    articles.write_text("".join(json.dumps({"id": str(n), "body": text}) + "\n" for n, text in enumerate(texts)))
    names = [{f"l{n % 4}"} | ({"odd"} if n % 7 == 0 else set()) for n in range(39)] + [{"alone"}]
    labels = write("labels.csv", [("article_id", "label"), *((n, name) for n in range(40) for name in names[n])])
    found = figures("--articles", articles, "--labels", labels)
    rows = TfidfVectorizer().fit_transform(["\n\n" + text for text in texts])
    assert found["defaults"] == pytest.approx(label_figures((rows @ rows.T).toarray(), names), abs=2e-4)
    assert set(found["product"]) == set(found["defaults"])
    served = figures("--articles", articles, "--labels", labels, "--as-served")
    assert served["defaults"] == found["defaults"]
    assert served["product"] != found["product"]


def test_lee_is_beaten_as_published_figures_are() -> None:
    """On the fifty texts that people compared, the product passes .70 and .50, and the defaults are scikit-learn's."""
    articles, pairs = shared_file("judgements/lee.jsonl"), shared_file("judgements/lee_similarity.csv")
    background = shared_file("judgements/lee_background.jsonl")
    found = figures("--articles", articles, "--background", background, "--judgements", pairs)
    assert found["product"]["pearson"] >= 0.70
    assert found["product"]["spearman"] >= 0.50
    texts = [json.loads(line)["body"] for path in (articles, background) for line in path.read_text().splitlines()]
    rows = TfidfVectorizer().fit_transform(["\n\n" + text for text in texts])
    similar = (rows @ rows.T).toarray()
    places = {json.loads(line)["id"]: place for place, line in enumerate(articles.read_text().splitlines())}
    judged = list(csv.DictReader(pairs.read_text().splitlines()))
    scores = [similar[places[row["article_id"]], places[row["other_id"]]] for row in judged]
    people = [float(row["similarity"]) for row in judged]
    assert found["defaults"]["pearson"] == pytest.approx(pearsonr(scores, people).statistic, abs=1e-3)
    assert found["defaults"]["spearman"] == pytest.approx(spearmanr(scores, people).statistic, abs=1e-3)


def test_sections_of_real_news_are_told_apart_better_than_by_the_defaults(write: Write) -> None:
    """On BBC's sections every figure is above that of plain TF-IDF."""
    articles = shared_file("articles/bbc.jsonl.gz")
    rows = map(json.loads, gzip.decompress(articles.read_bytes()).splitlines())
    sections = [(row["id"], row["section"]) for row in rows]
    found = figures("--articles", articles, "--labels", write("labels.csv", [("article_id", "label"), *sections]))
    assert all(found["product"][name] > found["defaults"][name] + 0.02 for name in found["product"])


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("article", "label"), ("a", "x")], "no column article_id"),
        ([("article_id", "label"), ("zz", "x")], "names zz"),
        ([("article_id", "label"), ("a", "x"), ("b", "y")], "no two articles share"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(
    tmp_path: Path, write: Write, rows: list[tuple[str, str]], problem: str
) -> None:
    """Columns and ids that do not fit are named."""
    articles = tmp_path / "articles.jsonl"
    articles.write_text('{"id": "a", "body": "river flood"}\n{"id": "b", "body": "river dyke"}\n')
    result = run("--articles", articles, "--labels", write("labels.csv", rows))
    assert result.exit_code == 1
    assert problem in result.stderr.splitlines()[-1]


def test_judgements_or_labels_have_to_be_given(tmp_path: Path) -> None:
    """Without either it is wrong usage."""
    (articles := tmp_path / "articles.jsonl").write_text('{"id": "a", "body": "river"}\n')
    assert run("--articles", articles).exit_code == 2
