"""One validated article, as every source delivers it and every part of the service knows it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from recommender.errors import ArticleError

__all__ = ["MAX_BODY_CHARS", "Article", "ArticleId", "describe", "parse_article", "plain_id", "section_key"]

MAX_BODY_CHARS = 1_000_000
"""A longer body is refused: a book's length, and what training can hold a thousand of at once."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LIST_SEPARATOR = "|"
_URL = TypeAdapter(HttpUrl)


def _number_as_text(value: object) -> object:
    """Databases number their articles; ids are text to us."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def plain_id(value: str) -> str:
    """Check the grammar of ids.

    Raises
    ------
    ValueError
        When there are control characters, or spaces at the ends.
    """
    if value != value.strip() or _CONTROL.search(value):
        raise ValueError("no control characters, and no spaces at the ends")
    return value


def _one_line(value: str) -> str:
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", value)).split())


def _web_url(value: str) -> str:
    """Check, and return the address as it was given: the publisher knows how to spell it."""
    if _CONTROL.search(value) or any(mark in value for mark in " \"'<>\\"):
        raise ValueError("must not hold spaces, quotes, angle brackets or control characters")
    _URL.validate_python(value)
    return value


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError("not an RFC 3339 date and time") from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError("not an RFC 3339 date and time")  # noqa: TRY004 - pydantic reports ValueError
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error


def _listed(value: object) -> object:
    """Split what CSV and databases deliver as one string."""
    return value.split(_LIST_SEPARATOR) if isinstance(value, str) else value


ArticleId = Annotated[
    str,
    BeforeValidator(_number_as_text),
    StringConstraints(min_length=1, max_length=128),
    AfterValidator(plain_id),
]
WebUrl = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_web_url)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Label = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
Labels = Annotated[tuple[Label, ...], BeforeValidator(_listed), Field(max_length=200)]


class Article(BaseModel):
    """An article of the newsroom.

    Fields that a record does not have, or has as null or empty, take their default; fields nobody knows are left out.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: ArticleId = Field(description="1 to 128 characters, no control characters, no spaces at the ends")
    title: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_one_line)]
    url: WebUrl = Field(description="http or https")
    summary: str = Field("", max_length=20_000, description="the standfirst, plain text or HTML")
    body: str = Field("", max_length=MAX_BODY_CHARS, description="plain text or HTML")
    section: Label | None = None
    tags: Labels = ()
    authors: Labels = ()
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")] | None = Field(
        None, description="BCP 47, such as en or pt-BR"
    )
    published_at: Moment | None = Field(None, description="RFC 3339; without a zone: UTC")
    updated_at: Moment | None = Field(None, description="RFC 3339; without a zone: UTC")
    image_url: WebUrl | None = None
    withdrawn: bool = Field(default=False, description="gone from every list")
    sensitive: bool = Field(
        default=False, description="never in trending, never suggested beside an article of another section"
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, record: Any) -> Any:
        if not isinstance(record, Mapping):
            raise ValueError("an article is an object with fields")  # noqa: TRY004 - pydantic reports ValueError
        return {name: value for name, value in record.items() if value is not None and value != ""}

    @field_validator("title")
    @classmethod
    def _title_says_something(cls, title: str) -> str:
        if not title:
            raise ValueError("is empty")
        return title

    @field_validator("tags", "authors")
    @classmethod
    def _without_blanks(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(label for label in labels if label))

    def digest(self) -> str:
        """Return 32 hexadecimal digits that change when any field does."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=16).hexdigest()


def section_key(section: str | None) -> str:
    """Return the form under which sections are compared: "World " and "world" are one; no section is the empty one.

    Tags are compared in the same form.
    """
    return _one_line(section or "").casefold()


def describe(error: ValidationError) -> str:
    """Put what pydantic found into one line: each field with what is wrong with it."""
    return "; ".join(_problems(error))


def _problems(error: ValidationError) -> Iterable[str]:
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        yield f"{field}: {message}" if field else message


def parse_article(record: Mapping[str, Any] | str | bytes) -> Article:
    """Validate one record, given as fields or as the JSON text of an object.

    Raises
    ------
    ArticleError
        With the name of each wrong field and what is wrong with it.
    """
    try:
        if isinstance(record, str | bytes):
            return Article.model_validate_json(record)
        return Article.model_validate(record)
    except ValidationError as error:
        raise ArticleError(describe(error)) from error
