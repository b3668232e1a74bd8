"""Both boxes of an article as its readers get them, on a bare page that the desk shows in a frame."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, render_template

from recommender.answers import Item
from recommender.web.desk.blueprints import desk
from recommender.web.desk.looking_up import ArticleQuery
from recommender.web.endpoint import query_as
from recommender.web.parts import parts
from recommender.web.site import image

__all__: list[str] = []

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http: data:; sandbox allow-popups; "
    "frame-ancestors 'self'"
)
"""Nothing runs, and links open beside the desk."""


@desk.get("/article/boxes")
def article_boxes() -> Response:
    """Show both boxes of an article: the elements and the style sheet that pages of the site get."""
    boxes = parts().boxes.widgets(query_as(ArticleQuery).article_id)
    html = render_template(
        "desk/boxes.html",
        related=_with_pictures(boxes.related.items),
        trending=_with_pictures(boxes.trending.items),
        request_id=boxes.request_id,
    )
    return Response(html, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})


def _with_pictures(items: Sequence[Item]) -> list[Item]:
    """Return the items with the pictures that readers see."""
    return [item.model_copy(update={"image_url": image(item)}) for item in items]
