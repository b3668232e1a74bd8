"""Moments as editors give them: without a zone, they are meant in the desk's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from recommender.web.parts import parts

__all__ = ["Moment", "zone"]


def zone() -> ZoneInfo:
    """Return the time zone of the desk."""
    return ZoneInfo(parts().settings.time_zone)


def _in_a_zone(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=zone())


Moment = Annotated[datetime, AfterValidator(_in_a_zone)]
