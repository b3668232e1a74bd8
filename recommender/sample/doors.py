"""The two ways into the sample site: over HTTP, as readers come, and at a moment of the past."""

from __future__ import annotations

import time
from functools import cache
from typing import Protocol

import httpx

from recommender.answers import WidgetsAnswer
from recommender.clicks.impression import Impression
from recommender.clicks.receipt import Receipt
from recommender.service import Service
from recommender.view import View

__all__ = ["Door", "Past", "Web"]

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


_READING_S = 30.0


class Door(Protocol):
    """What the page of an article does."""

    def now(self) -> float:
        """Return the moment, in Unix seconds."""
        ...

    def boxes(self, article_id: str, visitor: str) -> WidgetsAnswer:
        """Return both boxes of an article, by the visitor's variant where an experiment runs."""
        ...

    def see(self, shown: Impression) -> None:
        """Tell that a box is in sight."""
        ...

    def read(self, view: View) -> None:
        """Tell that an article is read."""
        ...


class Web:
    """The public interface of a running service; who it refuses is lost, as a real reader's beacon is.

    Parameters
    ----------
    client : httpx.Client
        With the address of the service.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        client.headers["User-Agent"] = _AGENT

    now = staticmethod(time.time)

    def boxes(self, article_id: str, visitor: str) -> WidgetsAnswer:
        """Return both boxes of an article, by the visitor's variant where an experiment runs."""
        whose = self._client.get("/v1/experiment", params={"visitor_id": visitor})
        variant = whose.raise_for_status().json()["variant"] or ""
        answer = self._client.get("/v1/widgets", params={"article_id": article_id, "variant": variant})
        return WidgetsAnswer.model_validate_json(answer.raise_for_status().content)

    def see(self, shown: Impression) -> None:
        """Tell that a box is in sight."""
        self._client.post("/v1/impressions", content=shown.model_dump_json())

    def read(self, view: View) -> None:
        """Tell that an article is read."""
        self._client.post("/v1/views", content=view.model_dump_json(exclude_none=True))


class Past:
    """The same counters, with the clock at a moment of the past and the boxes as they are now.

    Attributes
    ----------
    moment : float
        Unix seconds.
    views : int
        How many were counted.
    """

    def __init__(self, service: Service, moment: float) -> None:
        self._service = service
        self._boxes_now = cache(service.boxes.widgets)
        self.moment = moment
        self.views = 0

    def now(self) -> float:
        """Return the moment, in Unix seconds."""
        return self.moment

    def boxes(self, article_id: str, visitor: str) -> WidgetsAnswer:  # noqa: ARG002 - no experiment ran
        """Return both boxes of an article, named as they would have been when it had been read."""
        answer = self._boxes_now(article_id)
        self.moment += _READING_S
        related, trending = ([item.source for item in box.items] for box in (answer.related, answer.trending))
        receipt = Receipt(self.moment, {"related": related, "trending": trending})
        return answer.model_copy(update={"request_id": self._service.clicks.receipts.write(receipt)})

    def see(self, shown: Impression) -> None:
        """Tell that a box is in sight."""
        self._service.clicks.show(shown, now=self.moment, visitor="")

    def read(self, view: View) -> None:
        """Tell that an article is read."""
        became = self._service.counters.count(view, now=self.moment)
        self._service.clicks.follow(view, became, now=self.moment, visitor="")
        self.views += 1
