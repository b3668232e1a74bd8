"""People: the users of the desk, for admins."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from flask import Response, redirect, request, url_for
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as AnyResponse

from recommender.desk.users import FIRST, ROLES, Role, User, UserName
from recommender.errors import UserRefused
from recommender.web.desk.access import least_role, user
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.pages import page
from recommender.web.endpoint import Text, body_as, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_BODY_BYTES = 4096


class UserQuery(BaseModel):
    """Which user."""

    name: Annotated[str, Text]


class NewUser(BaseModel):
    """A user to be."""

    name: UserName
    role: Role
    password: str | None = Field(None, max_length=256, description="null: single sign-on alone")


class UserChange(BaseModel):
    """What to change of a user; null: nothing."""

    role: Role | None = None
    password: str | None = Field(None, max_length=256, description="ends the user's sessions")


class UsersAnswer(BaseModel):
    """The users by name."""

    users: list[User]


def _users() -> UsersAnswer:
    return UsersAnswer(users=parts().users.all())


def _change(name: str, wanted: UserChange) -> None:
    users, by = parts().users, user().name
    if wanted.password is not None:
        users.set_password(name, wanted.password, by=by)
    if wanted.role is not None:
        users.set_role(name, wanted.role, by=by)


@desk_api.get("/users")
@endpoint(tag="For editors", answer=UsersAnswer, signed_in=True)
@least_role("admin")
def give_users() -> Response:
    """Give the users, without anything of their passwords."""
    return json_response(_users())


@desk_api.post("/users")
@endpoint(tag="For editors", body=NewUser, answer=User, status=201, signed_in=True)
@least_role("admin")
def add_user() -> Response:
    """Add a user."""
    wanted = body_as(NewUser, most_bytes=_BODY_BYTES)
    return json_response(parts().users.add(wanted.name, wanted.role, wanted.password, by=user().name), 201)


@desk_api.patch("/users")
@endpoint(tag="For editors", query=UserQuery, body=UserChange, answer=UsersAnswer, signed_in=True)
@least_role("admin")
def change_user() -> Response:
    """Give a user another role or password."""
    _change(query_as(UserQuery).name, body_as(UserChange, most_bytes=_BODY_BYTES))
    return json_response(_users())


@desk_api.delete("/users")
@endpoint(tag="For editors", query=UserQuery, answer=UsersAnswer, signed_in=True)
@least_role("admin")
def remove_user() -> Response:
    """Remove a user, and end its sessions."""
    parts().users.remove(query_as(UserQuery).name, by=user().name)
    return json_response(_users())


@desk.get("/people")
@least_role("admin")
def people() -> str:
    """Show the users."""
    return _page()


@desk.post("/people")
@least_role("admin")
def take_user() -> Any:
    """Add a user, with a password that is shown once."""
    name, role = request.form.get("name", "").strip(), _role()
    password = None if request.form.get("single_sign_on") else secrets.token_urlsafe(12)
    try:
        added = parts().users.add(name, role, password, by=user().name)
    except UserRefused as error:
        return _page(problem=str(error), name=name, role=role), 400
    return _page(made=added, password=password)


@desk.post("/people/role")
@least_role("admin")
def take_role() -> AnyResponse:
    """Give a user another role."""
    parts().users.set_role(request.form.get("name", ""), _role(), by=user().name)
    return redirect(url_for("desk.people"), 303)


@desk.post("/people/password")
@least_role("admin")
def take_password() -> str:
    """Give a user a new password, which is shown once."""
    name, password = request.form.get("name", ""), secrets.token_urlsafe(12)
    parts().users.set_password(name, password, by=user().name)
    return _page(made=parts().users.get(name), password=password)


@desk.post("/people/remove")
@least_role("admin")
def take_away() -> AnyResponse:
    """Remove a user."""
    parts().users.remove(request.form.get("name", ""), by=user().name)
    return redirect(url_for("desk.people"), 303)


def _role() -> Role:
    """Return the form's role."""
    for role in ROLES:
        if request.form.get("role") == role:
            return role
    raise UserRefused(f"a role is one of {', '.join(ROLES)}")


def _page(**shown: Any) -> str:
    return page("desk/people.html", people=_users().users, roles=ROLES, first=FIRST, **shown)
