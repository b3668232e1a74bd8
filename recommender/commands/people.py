"""People: the users of the editors' desk."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from recommender.commands.options import data_dir_option, json_option, refusals
from recommender.desk.trace import COMMAND_LINE, Trace
from recommender.desk.users import ROLES, Role, Users
from recommender.printing import print_users
from recommender.secrets import with_secrets
from recommender.service import desk_database
from recommender.settings import load_settings

__all__ = ["users"]

name_argument = click.argument("name")
role_choice = click.Choice(ROLES)
made_option = click.option("--made", is_flag=True, help="Make a password and print it once, rather than ask for one.")


@contextmanager
def _users(data_dir: Path | None) -> Iterator[Users]:
    settings = with_secrets(load_settings(data_dir=data_dir))
    with closing(desk_database(settings)) as database:
        yield Users(database, Trace(database), settings.editor_password)


def _password(*, made: bool) -> str:
    if made:
        return secrets.token_urlsafe(12)
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


@click.group()
def users() -> None:
    """Keep the users of the editors' desk."""


@users.command("add")
@name_argument
@click.option("--role", type=role_choice, default="editor", show_default=True)
@click.option("--single-sign-on", is_flag=True, help="No password: the proxy alone brings this user in.")
@made_option
@data_dir_option
@refusals
def add(*, name: str, role: Role, single_sign_on: bool, made: bool, data_dir: Path | None) -> None:
    """Add a user; asks for a password."""
    password = None if single_sign_on else _password(made=made)
    with _users(data_dir) as kept:
        kept.add(name, role, password, by=COMMAND_LINE)
    click.echo(f"added {name}, {role}", err=True)
    if made and password:
        click.echo(password)


@users.command("list")
@data_dir_option
@json_option
@refusals
def list_users(*, data_dir: Path | None, as_json: bool) -> None:
    """List the users and their roles."""
    with _users(data_dir) as kept:
        found = kept.all()
    if as_json:
        click.echo(json.dumps([user.model_dump() for user in found]))
    else:
        print_users(found)


@users.command("remove")
@name_argument
@data_dir_option
@refusals
def remove(*, name: str, data_dir: Path | None) -> None:
    """Remove a user, and end its sessions."""
    with _users(data_dir) as kept:
        kept.remove(name, by=COMMAND_LINE)
    click.echo(f"removed {name}", err=True)


@users.command("passwd")
@name_argument
@made_option
@data_dir_option
@refusals
def passwd(*, name: str, made: bool, data_dir: Path | None) -> None:
    """Give a user another password, and end its sessions."""
    password = _password(made=made)
    with _users(data_dir) as kept:
        kept.set_password(name, password, by=COMMAND_LINE)
    click.echo(f"{name} has a new password", err=True)
    if made:
        click.echo(password)


@users.command("role")
@name_argument
@click.argument("role", type=role_choice)
@data_dir_option
@refusals
def set_role(*, name: str, role: Role, data_dir: Path | None) -> None:
    """Give a user another role."""
    with _users(data_dir) as kept:
        kept.set_role(name, role, by=COMMAND_LINE)
    click.echo(f"{name} is {role} now", err=True)
