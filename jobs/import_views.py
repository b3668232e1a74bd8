"""Views in bulk: read from a file, filtered as beacons are, added up, and counted once however often it is read."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice

from jobs.sightings import FindArticle, Passed, Read, Sighting, reader_of
from jobs.sources.document import MAX_LINE_BYTES, DamagedError, Document, bounded_lines
from recommender.trending.bots import is_bot
from recommender.trending.counters import Counters
from recommender.trending.tallies import Tally

__all__ = ["BadLine", "Filter", "ViewReport", "import_views"]

_BATCH = 200_000
"""Lines that are one step: enough that adding it costs little for each."""
_BOM = "\N{BYTE ORDER MARK}"
_HEAD = 20
_REPORTED = 1000
_REMEMBERED = 2_000_000
_USER_AGENTS = 100_000
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read."""

    line: int
    reason: str


@dataclass(slots=True)
class ViewReport:
    """What became of the lines of a file.

    Attributes
    ----------
    lines : int
        Read, headers and blank ones included.
    views : int
        Told by the lines, before any is filtered.
    counted : int
        Views that were counted now.
    before : int
        Views that an earlier reading of the same file had told.
    filtered : dict of str to int
        Views that do not count, by reason, earlier readings included.
    passed : dict of str to int
        Lines of a log that are no views of articles, by reason.
    malformed : int
    bad_lines : list of BadLine
        The first thousand.
    """

    lines: int = 0
    views: int = 0
    counted: int = 0
    before: int = 0
    filtered: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    malformed: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)


class Filter:
    """Tells views that count from those that do not, as `Counters.count` does, by the file's own clock.

    Parameters
    ----------
    visitor_pause_s : int
        Seconds in which one visitor counts once for an article.
    network_share : float
        Most of an article's views of a day that one network may add; from 1 on there is no limit.
    network_allowance : int
        Views of an article in a day that count from any network.
    """

    def __init__(self, *, visitor_pause_s: int, network_share: float, network_allowance: int) -> None:
        self._pause_s = visitor_pause_s
        self._share = network_share
        self._allowance = network_allowance
        self._bots: dict[str, bool] = {}
        self._events: dict[str, None] = {}
        self._visits: dict[tuple[str, str], float] = {}
        self._of_day: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._of_network: defaultdict[tuple[int, str, str], int] = defaultdict(int)

    def reason(self, seen: Sighting) -> str:
        """Return why a view does not count: ``bot``, ``replayed``, ``repeat``, ``network``; nothing where it does."""
        article_id, second, visitor, network, user_agent, _, views, event_id = seen
        if user_agent:
            bot = self._bots.get(user_agent)
            if bot is None:
                bot = self._bots[user_agent] = is_bot(user_agent)
            if bot:
                return "bot"
        if event_id and event_id in self._events:
            return "replayed"
        visit = article_id, visitor
        if visitor and abs(second - self._visits.get(visit, -self._pause_s)) < self._pause_s:
            return "repeat"
        day = int(second // _DAY_S), article_id
        if network and self._share < 1:
            told = self._of_network[*day, network]
            if told >= self._allowance and told + 1 > self._share * (self._of_day[day] + 1):
                return "network"
            self._of_network[*day, network] = told + views
        self._of_day[day] += views
        if visitor:
            self._visits[visit] = second
        if event_id:
            self._events[event_id] = None
        return ""

    def forget(self) -> None:
        """Let go of what is longest ago, where much is remembered."""
        if len(self._bots) > _USER_AGENTS:
            self._bots.clear()
        for event_id in list(islice(self._events, max(0, len(self._events) - _REMEMBERED))):
            del self._events[event_id]
        if len(self._visits) > _REMEMBERED:
            latest = max(self._visits.values())
            self._visits = {one: second for one, second in self._visits.items() if latest - second < 2 * self._pause_s}
        if len(self._of_network) + len(self._of_day) > _REMEMBERED:
            yesterday = max(day for day, _ in self._of_day) - 1
            self._of_day = defaultdict(int, {one: n for one, n in self._of_day.items() if one[0] >= yesterday})
            self._of_network = defaultdict(int, {one: n for one, n in self._of_network.items() if one[0] >= yesterday})


def import_views(
    document: Document, counters: Counters, find: FindArticle, rules: Filter, *, now: float, batch: int = _BATCH
) -> ViewReport:
    """Count the views of a file that no earlier reading of it has counted.

    A file is known by its first view, whatever its name, so that a log that has grown or was rotated goes on where it
    ended. It is always read from the start, which tells the filter what came before; each batch of lines is one step
    that is added once, and ends where it ended when it was first read.

    Raises
    ------
    SourceError
        When it is no file of views.
    redis.exceptions.RedisError
        When Redis fails; the same import again adds the rest.
    """
    lines = _lines(document)
    head = list(islice(lines, _HEAD))
    if head:
        head[0] = head[0].removeprefix(_BOM)
    read, named = reader_of(head, document.name, find)
    first = next(iter(head[int(named) :]), "")
    file_id = hashlib.blake2b(first.encode(), digest_size=16).hexdigest()
    numbered = enumerate(chain(head, lines), 1)
    report = ViewReport(lines=len(list(islice(numbered, int(named)))))
    added: Future[Mapping[str, int]] | None = None
    with ThreadPoolExecutor(1) as adding:  # while Redis adds what was read, the next lines are read
        while True:
            source = f"{file_id}:{report.lines}"
            end = counters.added_until(source)
            told = Counter[str]()
            size = batch if end is None else end - report.lines
            tallies, count = _tallies(islice(numbered, size), read, rules, report, told)
            if added:
                _report_added(report, added.result())
            if not count:
                return report
            report.lines += count
            report.filtered += told
            noted = told if end is None else {}
            added = adding.submit(_add, counters, tallies, noted, now=now, source=source, step=report.lines)
            rules.forget()


def _add(
    counters: Counters, tallies: list[Tally], noted: Mapping[str, int], *, now: float, source: str, step: int
) -> Mapping[str, int]:
    outcomes = counters.add(tallies, now=now, source=source, step=step)
    for reason, views in noted.items():
        counters.note(reason, now=now, views=views)  # type: ignore[arg-type]  # the same names
    return outcomes


def _report_added(report: ViewReport, outcomes: Mapping[str, int]) -> None:
    report.counted += outcomes.get("counted", 0)
    report.before += outcomes.get("replayed", 0)
    if unknown := outcomes.get("unknown", 0):
        report.filtered["unknown"] += unknown


def _tallies(
    numbered: Iterable[tuple[int, str]], read: Read, rules: Filter, report: ViewReport, told: Counter[str]
) -> tuple[list[Tally], int]:
    """Return the views of some lines that count, and how many lines those were."""
    tallies: list[Tally] = []
    count = 0
    for number, line in numbered:
        try:
            seen = read(line)
        except ValueError as error:
            if line.strip():
                if not line.endswith("\n"):
                    break  # it is being written: the next reading takes it
                told["malformed"] += 1
                report.malformed += 1
                if len(report.bad_lines) < _REPORTED:
                    report.bad_lines.append(BadLine(number, str(error)))
        else:
            if isinstance(seen, Passed):
                report.passed[seen.reason] += 1
            else:
                views = seen.views
                report.views += views
                if reason := rules.reason(seen):
                    told[reason] += views
                else:
                    tallies.append(Tally(seen.article_id, seen.second, *((0, views) if seen.boxed else (views, 0))))
        count += 1
    return tallies, count


def _lines(document: Document) -> Iterator[str]:
    """Yield each line as text, to the end of the line if it has one."""
    try:
        for line in bounded_lines(document):
            if line is None:
                yield f"\N{REPLACEMENT CHARACTER} longer than {MAX_LINE_BYTES:,} bytes\n"
            else:
                yield line.decode("utf-8", "replace")
    except DamagedError as error:
        yield f"{error}\n"
