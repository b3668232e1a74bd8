"""Endpoints: a query read strictly, an answer as JSON, both described in the OpenAPI document."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

from flask import Response, request
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from spectree import Response as Responses
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData
from werkzeug.exceptions import BadRequest

from recommender.article import describe

__all__ = [
    "Ids",
    "Limit",
    "Number",
    "OptionalNumber",
    "OptionalText",
    "Text",
    "TextOrNone",
    "body_as",
    "endpoint",
    "json_response",
    "openapi",
    "query_as",
    "text_or_none",
]

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., Any]

_MOST_FIELDS = 100
_MOST_IDS = 1000

openapi = SpecTree(
    "flask",
    title="recommender",
    description="Fills a news site's Related Articles and Trending boxes.",
    version="1",
    openapi_version="3.1.0",
    annotations=False,
    mode="strict",
    security_schemes=[
        SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer")),
        SecurityScheme(name="editor", data=SecuritySchemeData(type=SecureType.HTTP, scheme="basic")),
    ],
    naming_strategy=lambda model: model.__name__,
)


def _first(values: list[str]) -> str:
    return values[0]


def _ascii_number(values: list[str]) -> int:
    text = _first(values)
    if not (text.isascii() and text.isdigit()):
        raise ValueError("must be a whole number in ASCII digits")
    return int(text)


def text_or_none(values: list[str]) -> str | None:
    """Return the first value of a parameter, or None where it is empty."""
    return _first(values) or None


def _number_or_none(values: list[str]) -> int | None:
    return _ascii_number(values) if _first(values) else None


def _split(values: list[str]) -> list[str]:
    return [identifier for value in values for identifier in value.split(",") if identifier]


Text = BeforeValidator(_first)
TextOrNone = BeforeValidator(text_or_none)
Number = Annotated[int, BeforeValidator(_ascii_number)]
Limit = Annotated[Annotated[int, Field(ge=1, le=50)], BeforeValidator(_ascii_number)]
OptionalText = Annotated[Annotated[str, Field(max_length=200)] | None, TextOrNone]
OptionalNumber = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_number_or_none)]
Ids = Annotated[Annotated[list[str], Field(max_length=_MOST_IDS)], BeforeValidator(_split)]


def query_as(model: type[Model]) -> Model:
    """Read the query of the request; parameters nobody knows are ignored.

    Raises
    ------
    BadRequest
        With what is wrong with each parameter.
    """
    try:
        fields = parse_qs(
            request.query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
        return model.model_validate(fields)
    except ValidationError as error:
        raise BadRequest(describe(error)) from error
    except ValueError as error:
        raise BadRequest("the query is not UTF-8, or has too many parameters") from error


def body_as(model: type[Model], *, most_bytes: int, context: Mapping[str, Any] | None = None) -> Model:
    """Read the body of the request as the JSON of a model.

    Raises
    ------
    BadRequest
        With what is wrong.
    RequestEntityTooLarge
        When the body is longer than ``most_bytes``.
    """
    request.max_content_length = most_bytes
    try:
        return model.model_validate_json(request.get_data(cache=False), context=context)
    except ValidationError as error:
        raise BadRequest(describe(error)) from error


def json_response(answer: BaseModel, status: int = 200) -> Response:
    """Return a model as a JSON response."""
    return Response(answer.model_dump_json(), status, mimetype="application/json")


def endpoint(
    *,
    tag: str,
    answer: type[BaseModel] | None = None,
    media: str | None = None,
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    token: bool = False,
    signed_in: bool = False,
) -> Callable[[View], View]:
    """Describe a view for the OpenAPI document; its docstring says what it does.

    It answers with the JSON of a model, ``answer``, or with text of a ``media`` type.
    """

    def describe_view(view: View) -> View:
        return functools.wraps(view)(
            openapi.validate(
                query=query,
                json=body,
                resp=Responses(**{f"HTTP_{status}": (answer, media)}),
                tags=[tag],
                security={"token": []} if token else {"editor": []} if signed_in else None,
                skip_validation=True,  # queries are read strictly by `query_as`, and answers are models already
            )(view)
        )

    return describe_view
