"""Imports articles from a source, record by record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jobs.sources import Record, Unreadable
from recommender.archive import Archive
from recommender.article import Article, parse_article
from recommender.batched import batched
from recommender.catalogue import Catalogue
from recommender.errors import ArticleError, SourceError
from recommender.intake import take_in

__all__ = ["ImportReport", "Rejection", "import_articles"]

_BATCH = 1000
_REPORTED = 1000


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken."""

    where: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What became of the records of one import.

    Attributes
    ----------
    rejections : list of Rejection
        The first thousand.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Number of records that are valid articles."""
        return self.new + self.changed + self.unchanged + self.withdrawn


def import_articles(
    records: Iterable[Record | Unreadable], archive: Archive, catalogue: Catalogue, report: ImportReport
) -> None:
    """Store every valid record, a thousand at a time, and add what became of each to a report.

    Raises
    ------
    SourceError
        When the source breaks off; what was read before is stored and reported.
    redis.exceptions.RedisError
        When Redis fails; the same import again completes it.
    """
    breaks: list[SourceError] = []
    for articles in batched(_valid(_until_break(records, breaks), report), _BATCH):
        changes = take_in(articles, archive, catalogue)
        report.new += changes["new"]
        report.changed += changes["changed"]
        report.unchanged += changes["unchanged"]
        report.withdrawn += changes["withdrawn"]
    if breaks:
        raise breaks[0]


def _until_break(records: Iterable[Record | Unreadable], breaks: list[SourceError]) -> Iterator[Record | Unreadable]:
    """Yield records to the end or to an error, which is kept until all before it are stored."""
    try:
        yield from records
    except SourceError as error:
        breaks.append(error)


def _valid(records: Iterable[Record | Unreadable], report: ImportReport) -> Iterator[Article]:
    for record in records:
        try:
            if isinstance(record, Unreadable):
                raise ArticleError(record.reason)  # noqa: TRY301 - both kinds are reported below
            yield parse_article(record.fields)
        except ArticleError as error:
            report.rejected += 1
            if len(report.rejections) < _REPORTED:
                report.rejections.append(Rejection(record.where, str(error)))
