"""What editors ask, after signing in."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable
from typing import Annotated, Any

from flask import Blueprint, Response, request
from pydantic import BaseModel
from redis.exceptions import RedisError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import NotFound, ServiceUnavailable, Unauthorized

from recommender.article import ArticleId
from recommender.errors import ModelError, UnknownArticle
from recommender.related.explain import Explanation, explain
from recommender.web.endpoint import Text, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__ = ["editors"]

editors = Blueprint("editors", __name__, url_prefix="/v1")

_EDITOR = "editor"

View = Callable[..., Response]


class ExplainQuery(BaseModel):
    """Which article in whose list."""

    article_id: Annotated[ArticleId, Text]
    other_id: Annotated[ArticleId, Text]


def signed_in(view: View) -> View:
    """Let nobody in without the editor's name and password."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        expected, given = parts().settings.editor_password, request.authorization
        name, password = (given.username or "", given.password or "") if given else ("", "")
        right = expected and hmac.compare_digest(password.encode(), expected.get_secret_value().encode())
        if not (right and hmac.compare_digest(name.encode(), _EDITOR.encode())):
            raise Unauthorized("sign in as editor", www_authenticate=WWWAuthenticate("basic", {"realm": "desk"}))
        return view(*args, **kwargs)

    return guarded


@editors.get("/explain")
@endpoint(tag="For editors", query=ExplainQuery, answer=Explanation, signed_in=True)
@signed_in
def explain_place() -> Response:
    """Say why an article stands in another's list, term by term, or in plain words why it does not."""
    query, service = query_as(ExplainQuery), parts()
    try:
        version = service.lists.current
        if version is None:
            raise NotFound("there is no model yet; train one")
        model = service.shelf.get(version)
        answer = explain(model, version, service.archive, query.article_id, query.other_id)
    except RedisError as error:
        raise ServiceUnavailable("Redis is away; try again in a moment", retry_after=2) from error
    except (UnknownArticle, ModelError) as error:
        raise NotFound(str(error)) from error
    response = json_response(answer)
    response.headers["Cache-Control"] = "no-store"
    return response
