"""What editors ask, after signing in."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel
from redis.exceptions import RedisError
from werkzeug.exceptions import NotFound, ServiceUnavailable

from recommender.article import ArticleId
from recommender.desk.explaining import with_ban
from recommender.errors import ModelError, UnknownArticle
from recommender.related.explain import Explanation, explain
from recommender.web.desk.access import admit, never_cached
from recommender.web.endpoint import Text, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__ = ["ExplainQuery", "editors", "explained"]

editors = Blueprint("editors", __name__, url_prefix="/v1")
editors.before_request(admit)
editors.after_request(never_cached)


class ExplainQuery(BaseModel):
    """Which article in whose list."""

    article_id: Annotated[ArticleId, Text]
    other_id: Annotated[ArticleId, Text]


@editors.get("/explain")
@endpoint(tag="For editors", query=ExplainQuery, answer=Explanation, signed_in=True)
def explain_place() -> Response:
    """Say why an article stands in another's list, term by term, or in plain words why it does not."""
    query = query_as(ExplainQuery)
    return json_response(explained(query.article_id, query.other_id))


def explained(article_id: str, other_id: str) -> Explanation:
    """Explain the place of one article in the list of another, as readers see it now.

    Raises
    ------
    NotFound
        When there is no model yet, or an article is not known to it.
    ServiceUnavailable
        When Redis is away.
    """
    service = parts()
    try:
        version = service.lists.current
        if version is None:
            raise NotFound("there is no model yet; train one")
        answer = explain(service.shelf.growth(version), version, service.archive, article_id, other_id)
    except RedisError as error:
        raise ServiceUnavailable("Redis is away; try again in a moment", retry_after=2) from error
    except (UnknownArticle, ModelError) as error:
        raise NotFound(str(error)) from error
    return with_ban(answer, service.corrections)
