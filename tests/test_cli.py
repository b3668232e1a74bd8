"""The command line, as people and scripts use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from recommender.cli import main
from recommender.desk.trace import Trace
from recommender.redis.embedded import EmbeddedRedis
from recommender.service import desk_database
from recommender.settings import load_settings
from tests.conftest import BROWSER
from tests.running import own_environment, running

ARTICLES = [
    {
        "id": f"{topic}-{number}",
        "title": f"{topic} {number}",
        "url": "https://news.example/a",
        "body": " ".join(f"{word} {topic}-{day}-{place}" for place, word in enumerate(text.split())),
        "section": topic,
    }
    for topic, text in (("flood", "river dyke water rain"), ("vote", "ballot party leader poll"))
    for number, day in enumerate(("monday", "tuesday", "wednesday", "friday"))
]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a data directory whose embedded Redis stays up between commands, as beside a running service."""
    for name in set(os.environ) - set(own_environment()):
        monkeypatch.delenv(name)
    with EmbeddedRedis(tmp_path / "data"):
        yield tmp_path / "data"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "articles.jsonl"
    file.write_text("".join(json.dumps(article) + "\n" for article in ARTICLES))
    return file


def run(data_dir: Path, *arguments: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [*map(str, arguments), "--data-dir", str(data_dir)])


def answer(data_dir: Path, *arguments: object) -> Any:
    """Run a command that succeeds, with --json; return its one JSON document."""
    result = run(data_dir, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_newsroom_is_imported_trained_and_read(data_dir: Path, source: Path) -> None:
    """Import, train, related and trending work one after the other, as JSON and as tables."""
    report = answer(data_dir, "import", source)
    assert (report["new"], report["changed"], report["rejected"]) == (8, 0, 0)
    summary = answer(data_dir, "train")
    assert (summary["articles"], summary["lists"]) == (8, 8)
    related = answer(data_dir, "related", "flood-1", "--limit", 3)
    assert {item["id"] for item in related["items"]} == {"flood-0", "flood-2", "flood-3"}
    assert related["model"] == summary["version"]
    assert len(answer(data_dir, "trending")["items"]) == 8
    for shown in (run(data_dir, "related", "flood-1").stdout, run(data_dir, "trending").stdout):
        assert "flood-2" in shown


def test_two_versions_are_told_apart(data_dir: Path, source: Path, tmp_path: Path) -> None:
    """As JSON and as a table; a version that is not kept is refused in one line."""
    run(data_dir, "import", source)
    old = answer(data_dir, "train")["version"]
    (later := tmp_path / "later.jsonl").write_text(json.dumps(ARTICLES[0] | {"id": "flood-9"}))
    run(data_dir, "import", later)
    assert answer(data_dir, "refresh") == {"articles": 1}
    new = answer(data_dir, "train", "--by", "the desk")["version"]
    assert answer(data_dir, "models")["runs"][0]["by"] == "the desk"
    found = answer(data_dir, "diff", old, new)
    assert (found["old"], found["new"], found["articles"]) == (old, new, 9)
    assert "of 9 lists are others" in run(data_dir, "diff", old, new).stdout
    refused = run(data_dir, "diff", "20000101T000000Z", new)
    assert (refused.exit_code, "is not kept" in refused.stderr) == (1, True)


def test_importing_twice_changes_nothing_and_says_so(data_dir: Path, source: Path) -> None:
    """The second import of the same source finds every article unchanged."""
    run(data_dir, "import", source)
    assert "0 new, 0 changed, 8 unchanged, 0 withdrawn, 0 rejected" in run(data_dir, "import", source).stdout


def test_a_bad_record_is_named_and_the_others_are_taken(data_dir: Path, source: Path) -> None:
    """Each rejected record is reported with its line and reason; what is valid is there afterwards."""
    with source.open("a") as file:
        file.write('{"id": "no-title", "url": "https://news.example/a"}\n')
        file.write('no json\n{"id": "x", "title": "X", "url": "ftp://a"}\n')
    result = run(data_dir, "import", source)
    assert result.exit_code == 0
    assert "8 new, 0 changed, 0 unchanged, 0 withdrawn, 3 rejected" in result.stdout
    for line in (9, 10, 11):
        assert f"line {line}" in result.stderr
    assert "title" in result.stderr


def test_a_source_without_any_valid_record_fails(data_dir: Path, tmp_path: Path) -> None:
    """Nothing could be imported: exit 1."""
    (bad := tmp_path / "bad.jsonl").write_text("{}\n")
    assert run(data_dir, "import", bad).exit_code == 1


def test_an_update_and_a_withdrawal_are_imported(data_dir: Path, source: Path, tmp_path: Path) -> None:
    """A changed headline is shown at once; a withdrawn article is not listed any more."""
    run(data_dir, "import", source)
    run(data_dir, "train")
    (later := tmp_path / "later.jsonl").write_text(
        json.dumps(ARTICLES[0] | {"title": "A new headline"})
        + "\n"
        + json.dumps(ARTICLES[1] | {"withdrawn": True})
        + "\n"
    )
    report = answer(data_dir, "import", later)
    assert (report["changed"], report["withdrawn"]) == (1, 1)
    titles = [item["title"] for item in answer(data_dir, "related", "flood-2")["items"]]
    assert "A new headline" in titles
    assert "flood 1" not in titles


def test_why_an_article_is_listed_is_told(data_dir: Path, source: Path) -> None:
    """As JSON and as a table; an article that is not there is refused in one line."""
    run(data_dir, "import", source)
    assert "recommender train" in run(data_dir, "explain", "flood-1", "flood-2").stderr
    run(data_dir, "train")
    told = answer(data_dir, "explain", "flood-1", "flood-2")
    assert sum(term["weight"] for term in told["terms"]) == pytest.approx(told["cosine"], abs=1e-6)
    assert told["listed"]
    shown = run(data_dir, "explain", "flood-1", "flood-2").stdout
    assert all(part in shown for part in (told["reason"], "river", "cosine", "freshness"))
    assert run(data_dir, "explain", "flood-1", "nobody").exit_code == 1


def test_models_are_listed_and_rolled_back(data_dir: Path, source: Path) -> None:
    """Both versions are listed by their whole names; going back makes the elder the current one, and names it."""
    run(data_dir, "import", source)
    old, new = (answer(data_dir, "train")["version"] for _ in range(2))
    listed = answer(data_dir, "models")
    assert listed["current"] == new
    assert [version["version"] for version in listed["versions"]] == [old, new]
    assert old in run(data_dir, "rollback").stdout
    with closing(desk_database(load_settings(data_dir=data_dir))) as desk:
        (entry,) = Trace(desk).entries(action="model rolled back")
    assert (entry.who, entry.before, entry.after) == ("command line", {"version": new}, {"version": old})
    assert answer(data_dir, "related", "flood-1")["model"] == old
    assert run(data_dir, "rollback", new).exit_code == 0
    assert answer(data_dir, "models")["current"] == new
    printed = run(data_dir, "models").stdout
    assert f"→ {new}" in printed
    assert f"• {old}" in printed


def test_a_watch_that_is_told_to_end_leaves_no_server_behind(tmp_path: Path, source: Path) -> None:
    """A service manager's SIGTERM ends it like a Ctrl-C: the embedded Redis that it started ends too."""
    data_dir = tmp_path / "data"
    for command in (["import", source], ["train"]):
        assert run(data_dir, *command).exit_code == 0
    watch = [sys.executable, "-m", "recommender.cli", "refresh", "--watch", "--data-dir", str(data_dir)]
    with subprocess.Popen(watch, env=own_environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert any("refresh_ready" in line for line in iter(process.stderr.readline, ""))
        assert EmbeddedRedis(data_dir).socket.exists()
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    assert not EmbeddedRedis(data_dir).socket.exists()


def test_going_back_loads_nothing_that_training_needs(data_dir: Path, source: Path) -> None:
    """A rollback in a hurry does not wait for libraries that it has no use for, which take seconds to load."""
    run(data_dir, "import", source)
    for _ in range(2):
        run(data_dir, "train")
    heavy = {"sklearn", "scipy.stats", "matplotlib", "numba", "sqlalchemy"}
    go_back = ["rollback", "--data-dir", str(data_dir)]
    code = f"import sys; from recommender.cli import main; main({go_back}, standalone_mode=False); "
    code += f"print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", code], env=own_environment(), capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("readers now see ")
    assert told.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train",), "recommender import"),
        (("rollback",), "no"),
        (("rollback", "20200101T000000Z"), "20200101T000000Z"),
        (("import", "no-such-file.jsonl"), "no-such-file.jsonl"),
        (("import", "articles.docx"), "articles.docx"),
    ],
)
def test_a_refusal_is_one_clear_line_and_exit_1(data_dir: Path, arguments: tuple[str, ...], message: str) -> None:
    """What cannot be done is said on standard error in one line, without a traceback."""
    result = run(data_dir, *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert message in last


@pytest.mark.parametrize(
    "arguments",
    [("import",), ("related",), ("related", "a", "--limit", "0"), ("trending", "--window", "2h"), ("nonsense",)],
)
def test_wrong_usage_is_exit_2(data_dir: Path, arguments: tuple[str, ...]) -> None:
    """Missing arguments, values out of range and unknown commands are usage errors."""
    assert run(data_dir, *arguments).exit_code == 2


def test_a_wrong_setting_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be is refused by its name."""
    monkeypatch.setenv("RECOMMENDER_WORKERS", "many")
    result = run(data_dir, "trending")
    assert result.exit_code == 1
    assert "workers" in result.stderr


def test_off_loopback_secrets_must_be_set(data_dir: Path) -> None:
    """Before anything listens on a public address, the missing secret is named."""
    result = run(data_dir, "serve", "--host", "0.0.0.0")
    assert result.exit_code == 1
    assert "RECOMMENDER_API_TOKEN is missing" in result.stderr


def test_the_nightly_job_runs_as_a_module(data_dir: Path, source: Path) -> None:
    """``python -m jobs.train`` is ``recommender train``."""
    run(data_dir, "import", source)
    command = [sys.executable, "-m", "jobs.train", "--json", "--data-dir", str(data_dir)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=own_environment())
    assert json.loads(done.stdout)["lists"] == 8


def test_an_import_beside_a_running_service_is_seen_at_once(tmp_path: Path, source: Path) -> None:
    """A command given the data directory of a running service works on the same Redis; Ctrl-C then ends it cleanly."""
    data_dir = tmp_path / "data"
    with running("serve", data_dir) as service, httpx.Client(base_url=service.address, trust_env=False) as client:
        assert client.get("/v1/trending").json()["items"] == []
        assert run(data_dir, "import", source).exit_code == 0
        assert len(client.get("/v1/trending").json()["items"]) == 8
        assert service.stop() == 0


def test_up_opens_the_sample_newsroom_and_keeps_what_it_counted(tmp_path: Path) -> None:
    """``up`` serves both boxes; stopped and started again, articles, lists and views are still there."""
    data_dir = tmp_path / "data"
    with (
        running("up", data_dir, "--no-simulate") as service,
        httpx.Client(base_url=service.address, trust_env=False) as client,
    ):
        front = client.get("/v1/trending?limit=1").json()["items"][0]["id"]
        viewed = client.get(f"/v1/related?article_id={front}&limit=1").json()
        other = viewed["items"][0]["id"]
        assert viewed["items"][0]["source"] == "related"
        assert client.post("/v1/views", json={"article_id": other}, headers=BROWSER).status_code == 202
        assert client.get("/v1/trending?limit=1&window=7d").json()["items"][0]["id"] == other
        assert service.stop() == 0
    with running("serve", data_dir) as service:
        again = httpx.get(f"{service.address}/v1/related?article_id={front}&limit=1", trust_env=False).json()
        assert again["model"] == viewed["model"]
        assert again["items"][0]["id"] == other
        top = httpx.get(f"{service.address}/v1/trending?limit=1", trust_env=False).json()["items"][0]
        assert (top["id"], top["source"]) == (other, "trending")


def test_up_takes_a_newsrooms_own_articles(tmp_path: Path, source: Path) -> None:
    """``up --articles`` serves these articles and nothing of the sample."""
    with running("up", tmp_path / "data", "--articles", str(source)) as service:
        items = httpx.get(f"{service.address}/v1/trending?limit=50", trust_env=False).json()["items"]
        assert {item["id"] for item in items} == {article["id"] for article in ARTICLES}


def test_a_port_in_use_is_said_before_anything_else(tmp_path: Path) -> None:
    """Starting on a port that something listens on ends with one clear line."""
    with running("serve", tmp_path / "one") as service:
        port = service.address.rpartition(":")[2]
        command = [sys.executable, "-m", "recommender.cli", "up", "--data-dir", str(tmp_path / "two"), "--port", port]
        done = subprocess.run(command, capture_output=True, check=False, text=True, env=own_environment(), timeout=60)
        assert httpx.get(f"{service.address}/health/live", trust_env=False).status_code == 200
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert port in done.stderr
