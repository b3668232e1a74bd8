"""Users of the desk: names, roles, and hashes of their passwords."""

from __future__ import annotations

import hashlib
import hmac
import re
import sqlite3
import time
from typing import Annotated, Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pydantic import BaseModel, Field, SecretStr, StringConstraints

from recommender.database import Database
from recommender.desk.trace import Trace
from recommender.errors import UserRefused

__all__ = ["FIRST", "ROLES", "SHORTEST_PASSWORD", "USERS_SCHEMA", "Role", "User", "UserName", "Users", "may"]

Role = Literal["viewer", "editor", "admin"]
UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$")]

FIRST = "editor"
"""The first editor, whose password is a setting until it is given one of its own."""
SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 256
ROLES: tuple[Role, ...] = get_args(Role)
"""The least first."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")

USERS_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS users (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        role TEXT NOT NULL,
        password TEXT NOT NULL,
        made_at REAL NOT NULL
    )""",
)


class User(BaseModel):
    """Somebody who may use the desk."""

    name: str
    role: Role = Field(description="viewer: sees everything; editor: corrects too; admin: keeps users too")
    has_password: bool = Field(description="false: comes in through the single sign-on proxy alone")


def may(user: User, role: Role) -> bool:
    """Tell whether a user may do what asks for a role."""
    return ROLES.index(user.role) >= ROLES.index(role)


class Users:
    """The users of a data directory.

    The user ``editor`` exists from the first day, as an admin with the password of the settings.

    Parameters
    ----------
    database : Database
        With ``USERS_SCHEMA``.
    trace : Trace
        In the same database.
    first_password : SecretStr, optional
        Password of ``editor`` until it has one of its own.
    """

    def __init__(self, database: Database, trace: Trace, first_password: SecretStr | None) -> None:
        self._database = database
        self._trace = trace
        self._first_password = first_password
        # 19 MiB and two passes: what OWASP asks for, and little enough that eight threads may hash at once.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody = self._hasher.hash("nobody")

    def all(self) -> list[User]:
        """Return all users by name."""
        rows = self._database.connection.execute("SELECT name, role, password FROM users").fetchall()
        users = [User(name=name, role=role, has_password=bool(password)) for name, role, password in rows]
        if not any(user.name == FIRST for user in users):
            users += self._first()
        return sorted(users, key=lambda user: user.name.casefold())

    def get(self, name: str) -> User | None:
        """Return the user of a name."""
        return next((user for user in self.all() if user.name.casefold() == name.casefold()), None)

    def verify(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are; takes as long when there is none."""
        secret = self._secret(name)
        if secret is not None and not secret.startswith("$argon2"):
            right = bool(secret) and hmac.compare_digest(secret.encode(), _bytes(password))
            return self.get(name) if right else None
        try:
            self._hasher.verify(secret or self._nobody, _bytes(password))
        except (VerifyMismatchError, InvalidHashError):
            return None
        return self.get(name) if secret else None

    def seal(self, name: str, key: bytes) -> str:
        """Return what a session with this key keeps of the user's password: another one breaks it."""
        return hashlib.blake2b((self._secret(name) or "").encode(), key=key[:64], digest_size=16).hexdigest()

    def add(self, name: str, role: Role, password: str | None, *, by: str) -> User:
        """Add a user; without a password only the single sign-on proxy can bring it in.

        Raises
        ------
        UserRefused
            When there is one of that name, or the name or password will not do.
        """
        if not _NAME.fullmatch(name):
            raise UserRefused("a name is 1 to 64 letters, digits, or . _ @ + -, and starts with a letter or digit")
        hashed = self._hash(password) if password is not None else ""
        with self._database.transaction() as connection:
            if self.get(name):
                raise UserRefused(f"there is a user {name} already")
            self._put(connection, name, role, hashed)
            self._trace.add(by, "user added", name, after={"role": role}, within=connection)
        return User(name=name, role=role, has_password=bool(hashed))

    def remove(self, name: str, *, by: str) -> None:
        """Remove a user, and with it all its sessions.

        Raises
        ------
        UserRefused
            When there is none, or it is the first editor or the last admin.
        """
        with self._database.transaction() as connection:
            user = self._known(name)
            if user.name == FIRST:
                raise UserRefused(f"{FIRST} is the first editor and stays; change its password or role")
            self._require_an_admin_besides(user)
            connection.execute("DELETE FROM users WHERE name = ?", [user.name])
            self._trace.add(by, "user removed", user.name, before={"role": user.role}, within=connection)

    def set_role(self, name: str, role: Role, *, by: str) -> User:
        """Give a user another role.

        Raises
        ------
        UserRefused
            When there is no such user, or no admin would be left.
        """
        with self._database.transaction() as connection:
            user = self._known(name)
            if role == user.role:
                return user
            if user.role == "admin":
                self._require_an_admin_besides(user)
            if connection.execute("UPDATE users SET role = ? WHERE name = ?", [role, user.name]).rowcount == 0:
                raise UserRefused(f"{user.name} has the password of the settings; give it one of its own first")
            self._trace.add(
                by, "role changed", user.name, before={"role": user.role}, after={"role": role}, within=connection
            )
        return user.model_copy(update={"role": role})

    def set_password(self, name: str, password: str, *, by: str) -> None:
        """Give a user another password, which ends all its sessions.

        Raises
        ------
        UserRefused
            When there is no such user, or the password will not do.
        """
        hashed = self._hash(password)
        with self._database.transaction() as connection:
            user = self._known(name)
            self._put(connection, user.name, user.role, hashed)
            self._trace.add(by, "password changed", user.name, within=connection)

    def _first(self) -> list[User]:
        return [User(name=FIRST, role="admin", has_password=True)] if self._first_password else []

    def _secret(self, name: str) -> str | None:
        """Return the hash of a user's password, or the first editor's password itself; None for nobody."""
        row = self._database.connection.execute("SELECT password FROM users WHERE name = ?", [name]).fetchone()
        if row:
            return str(row[0]) or None
        return self._first_password.get_secret_value() if self._first_password and name == FIRST else None

    def _known(self, name: str) -> User:
        user = self.get(name)
        if user is None:
            raise UserRefused(f"there is no user {name}")
        return user

    def _require_an_admin_besides(self, user: User) -> None:
        if not any(other.role == "admin" and other.name != user.name for other in self.all()):
            raise UserRefused(f"{user.name} is the last admin; make another one first")

    def _hash(self, password: str) -> str:
        if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
            raise UserRefused(f"a password has {SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")
        return self._hasher.hash(_bytes(password))

    @staticmethod
    def _put(connection: sqlite3.Connection, name: str, role: Role, hashed: str) -> None:
        connection.execute(
            "INSERT INTO users VALUES (?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password",
            [name, role, hashed, time.time()],
        )


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # a client may send half a character
