"""Users of the desk: added, changed and removed, with passwords that nobody can read."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recommender.cli import main
from recommender.errors import UserRefused
from recommender.service import Service

PASSWORD = "a-password-of-the-tests"


def test_the_first_editor_is_there_and_keeps_the_password_of_the_settings(service: Service) -> None:
    """An admin, until it is given a password of its own; then the one of the settings opens nothing."""
    (first,) = service.users.all()
    assert (first.name, first.role) == ("editor", "admin")
    assert service.users.verify("editor", "an-editor-of-the-tests") == first
    service.users.add("anna", "admin", PASSWORD, by="t")
    with pytest.raises(UserRefused, match="password"):
        service.users.set_role("editor", "viewer", by="t")
    service.users.set_password("editor", PASSWORD, by="t")
    assert service.users.verify("editor", "an-editor-of-the-tests") is None
    assert service.users.verify("editor", PASSWORD) == first
    with pytest.raises(UserRefused, match="stays"):
        service.users.remove("editor", by="t")


def test_a_password_is_kept_as_an_argon2id_hash_alone(service: Service) -> None:
    service.users.add("anna", "viewer", PASSWORD, by="t")
    with sqlite3.connect(service.settings.data_dir / "desk.sqlite") as database:
        (kept,) = database.execute("SELECT password FROM users").fetchone()
    assert kept.startswith("$argon2id$")
    everything = b"".join(path.read_bytes() for path in service.settings.data_dir.glob("desk.sqlite*"))
    assert PASSWORD.encode() not in everything


@pytest.mark.parametrize("password", ["", "wrong", "nobody", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "\ud800"])
def test_nobody_comes_in_with_a_wrong_password(service: Service, password: str) -> None:
    """Whoever it is: with a password, without one, not there at all."""
    service.users.add("anna", "viewer", PASSWORD, by="t")
    service.users.add("sso", "admin", None, by="t")
    for name in ("anna", "sso", "nobody", "editor", ""):
        assert service.users.verify(name, password) is None


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "short"), ("a b", PASSWORD), ("", PASSWORD), ("EDITOR", PASSWORD), ("x" * 65, PASSWORD)],
)
def test_names_and_passwords_that_will_not_do_are_refused(service: Service, name: str, password: str) -> None:
    """And a name that differs by capitals alone is the same."""
    with pytest.raises(UserRefused):
        service.users.add(name, "viewer", password, by="t")


def test_one_admin_is_always_left(service: Service) -> None:
    service.users.add("anna", "admin", PASSWORD, by="t")
    service.users.set_password("editor", PASSWORD, by="t")
    service.users.set_role("editor", "viewer", by="t")
    for change in (
        lambda: service.users.remove("anna", by="t"),
        lambda: service.users.set_role("anna", "editor", by="t"),
    ):
        with pytest.raises(UserRefused, match="last admin"):
            change()


def test_the_trace_can_only_grow(service: Service) -> None:
    """The table itself refuses to change or delete an entry, whoever asks; and no password is in it."""
    service.users.add("anna", "viewer", PASSWORD, by="t")
    service.users.set_role("anna", "editor", by="t")
    service.users.set_password("anna", PASSWORD + "2", by="t")
    service.users.remove("anna", by="t")
    entries = service.trace.entries()
    assert [one.action for one in entries] == ["user removed", "password changed", "role changed", "user added"]
    assert (entries[2].before, entries[2].after) == ({"role": "viewer"}, {"role": "editor"})
    assert PASSWORD not in str(entries)
    with sqlite3.connect(service.settings.data_dir / "desk.sqlite") as database:
        for statement in ("DELETE FROM trace", "UPDATE trace SET who = 'somebody else'"):
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(statement)
    assert service.trace.entries() == entries


def test_the_trace_is_filtered_and_turned_page_by_page(service: Service) -> None:
    for number in range(7):
        service.trace.add("anna" if number % 2 else "berta", "signed in", f"s{number}")
    assert [one.subject for one in service.trace.entries(who="ANNA")] == ["s5", "s3", "s1"]
    first = service.trace.entries(limit=3)
    rest = service.trace.entries(below=first[-1].number, limit=50)
    assert [one.subject for one in first + rest] == [f"s{number}" for number in range(6, -1, -1)]
    middle = first[-1].at
    assert [one.subject for one in service.trace.entries(since=middle)] == ["s6", "s5", "s4"]
    assert [one.subject for one in service.trace.entries(until=middle, subject="s2")] == ["s2"]
    assert service.trace.entries(action="signed out") == []


# The commands


def users(tmp_path: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["users", *arguments, "--data-dir", str(tmp_path)], input=typed)


def listed(tmp_path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(users(tmp_path, "list", "--json").stdout)
    return found


def test_users_are_kept_from_the_command_line(tmp_path: Path) -> None:
    """A password is typed twice or made and printed once; no option takes it, and it is not shown again."""
    added = users(tmp_path, "add", "anna", "--role", "viewer", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert (added.exit_code, added.stdout) == (0, "")
    assert PASSWORD not in added.output
    made = users(tmp_path, "add", "berta", "--made").stdout.strip()
    assert len(made) == 16
    assert users(tmp_path, "add", "cleo@news.example", "--single-sign-on").exit_code == 0
    assert users(tmp_path, "role", "anna", "admin").exit_code == 0
    assert users(tmp_path, "passwd", "berta", "--made").stdout.strip() != made
    assert users(tmp_path, "remove", "cleo@news.example").exit_code == 0
    assert {(user["name"], user["role"]) for user in listed(tmp_path)} == {
        ("anna", "admin"), ("berta", "editor"), ("editor", "admin")
    }  # fmt: skip
    assert "berta" in users(tmp_path, "list").stdout


def test_what_cannot_be_done_is_one_line(tmp_path: Path) -> None:
    for arguments in (("remove", "nobody"), ("role", "nobody", "admin"), ("add", "editor", "--made")):
        result = users(tmp_path, *arguments)
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
    assert users(tmp_path, "add", "x", "--password", "y").exit_code == 2
