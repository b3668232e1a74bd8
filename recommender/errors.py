"""The errors this package raises.

::

    RecommenderError            every refusal that has a clear message for a person
    ├── ConfigurationError      a setting or secret that the service must not start with
    ├── ArticleError            one record is not a valid article
    ├── SourceError             a whole source (file, feed, database) cannot be read
    ├── RedisUnavailable        Redis is away, or this process leaves it alone for a moment after a failure
    ├── ModelError              a version's model is not on this machine's disk, or damaged
    ├── UnknownArticle          nobody told us about that article
    ├── CorrectionRefused       a correction that will not do, or is not there
    ├── ExperimentRefused       an experiment that will not do, or is not running
    ├── UserRefused             a user, role or password of the desk that will not do
    ├── EmbeddedRedisError      no redis-server on this machine, or it would not start
    └── TrainingRefused         another run holds the lock, this one lost it, or there is nothing to train on
"""

from __future__ import annotations

__all__ = [
    "ArticleError",
    "ConfigurationError",
    "CorrectionRefused",
    "EmbeddedRedisError",
    "ExperimentRefused",
    "ModelError",
    "RecommenderError",
    "RedisUnavailable",
    "SourceError",
    "TrainingRefused",
    "UnknownArticle",
    "UserRefused",
]


class RecommenderError(Exception):
    """Base of every error this package raises on purpose; the message is one line for a person."""


class ConfigurationError(RecommenderError):
    """A setting or secret is missing, weak or contradictory."""


class ArticleError(RecommenderError):
    """A record is not a valid article; the message names the field."""


class SourceError(RecommenderError):
    """A source of articles or views cannot be read at all."""


class RedisUnavailable(RecommenderError):  # noqa: N818 - reads as the fact it states
    """Redis did not answer within its budget, or did not a moment ago."""


class ModelError(RecommenderError):
    """The model of a version cannot be read."""


class UnknownArticle(RecommenderError):  # noqa: N818 - reads as the fact it states
    """An article that is asked about was never here."""


class CorrectionRefused(RecommenderError):  # noqa: N818 - reads as the fact it states
    """A correction cannot be made or undone like that."""


class ExperimentRefused(RecommenderError):  # noqa: N818 - reads as the fact it states
    """An experiment cannot be started or ended like that."""


class UserRefused(RecommenderError):  # noqa: N818 - reads as the fact it states
    """A user cannot be added, changed or removed like that."""


class EmbeddedRedisError(RecommenderError):
    """The embedded redis-server is missing or would not start."""


class TrainingRefused(RecommenderError):  # noqa: N818 - reads as the fact it states
    """A training run may not start or may not publish."""
