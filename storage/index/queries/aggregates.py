"""Captures and articles counted by day, and sites with what they hold: what pages about the whole archive show.

Captures are counted by the database itself (the table days), articles by an index on their dates, so the cost goes with
the days that are asked for. What is excluded is counted by itself and taken off.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, not_, select

from storage.index.conditions.visibility import begins, shown_articles, shown_captures, site_ids
from storage.index.engine.arrays import spans
from storage.index.engine.database import AnySelect
from storage.index.schema.tables import ArticleRow, CaptureRow, DayRow, SiteRow, UrlRow
from storage.index.views.exclusions import NOTHING, Exclusions
from storage.index.views.status import CapturedDay, SiteCount
from storage.model import Outcome

FAILED = frozenset(
    {
        Outcome.ERROR,
        Outcome.CHALLENGE,
        Outcome.CONSENT_WALL,
        Outcome.SOFT_404,
        Outcome.EMPTY,
        Outcome.UNREADABLE,
    }
)
"""Outcomes that an owner should look into where they are many."""
STRETCHES = 128
"""Into which the time of a site's articles is cut to count them."""
_TICK = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC) - _TICK


def captures_per_day(
    connection: Connection, since: date, exclude: Exclusions = NOTHING, *, site: str | None = None
) -> tuple[CapturedDay, ...]:
    """Days with captures, oldest first, from a day on; of all sites or one."""
    days: dict[str, Counter[str]] = {}
    for (day, outcome), count in _counted(connection, ("day", "outcome"), exclude, since, site):
        days.setdefault(day, Counter())[outcome] += count
    return tuple(
        CapturedDay(day=date.fromisoformat(day), captures=outcomes.total(), failed=sum(outcomes[bad] for bad in FAILED))
        for day, outcomes in sorted(days.items())
        if outcomes.total()
    )


def outcomes_of_sites(
    connection: Connection, exclude: Exclusions = NOTHING, *, since: date | None = None, site: str | None = None
) -> dict[str, dict[Outcome, int]]:
    """Captures by outcome, by the sites' names; all of them, or those from a day on, or one site's."""
    names = {row.id: row.name for row in connection.execute(select(SiteRow.id, SiteRow.name))}
    return {names[site_id]: outcomes for site_id, outcomes in _outcomes(connection, exclude, since, site).items()}


def _outcomes(
    connection: Connection, exclude: Exclusions, since: date | None, site: str | None
) -> dict[int, dict[Outcome, int]]:
    counted: dict[int, Counter[str]] = {}
    for (site_id, outcome), count in _counted(connection, ("site_id", "outcome"), exclude, since, site):
        counted.setdefault(site_id, Counter())[outcome] += count
    return {
        site_id: {Outcome(outcome): count for outcome, count in sorted(outcomes.items()) if count}
        for site_id, outcomes in counted.items()
    }


def articles_per_day(
    connection: Connection, site: str, since: date, exclude: Exclusions = NOTHING
) -> Mapping[date, int]:
    """Articles of a site by the day of their date, from a day on; a day without any is not there."""
    at = ArticleRow.dated_at
    day = day_of(connection, at)
    rows = connection.execute(
        select(day, func.count())
        .where(
            ArticleRow.site_id == site_ids(connection, [site]).get(site, 0),
            at >= _midnight(since),
            *shown_articles(connection, exclude),
        )
        .group_by(day)
        .order_by(day)
    )
    return {date.fromisoformat(each): count for each, count in rows}


def dated_between(connection: Connection, site_id: int, times: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """Articles of a site that are dated from one moment to another, both included, for each such pair.

    Each article is counted once for stretches of all that time, and again only near the beginning and end of a pair.
    """
    if not times:
        return []
    asked = [(begin, min(end, _LATEST) + _TICK) for begin, end in times]
    least, most = min(begin for begin, _ in asked), max(end for _, end in asked)
    edges = sorted({least + (most - least) * part / STRETCHES for part in range(STRETCHES + 1)})
    sums = [0, *accumulate(_dated(connection, site_id, list(pairwise(edges))))]
    whole: list[int] = []
    parts: list[tuple[datetime, datetime]] = []
    for begin, end in asked:
        first, last = bisect_left(edges, begin), bisect_right(edges, end) - 1
        whole.append(sums[last] - sums[first] if first < last else 0)
        parts += [(begin, edges[first]), (edges[last], end)] if first < last else [(begin, end), (end, end)]
    near = _dated(connection, site_id, parts)
    return [count + near[2 * place] + near[2 * place + 1] for place, count in enumerate(whole)]


def _dated(connection: Connection, site_id: int, pairs: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """Articles of a site that are dated in each of these spans, its end not included."""
    table, number, begin, behind = spans(connection, pairs, "stretches")
    at = ArticleRow.dated_at
    counted = (
        select(func.count())
        .select_from(ArticleRow)
        .where(ArticleRow.site_id == site_id, at >= begin, at < behind)
        .correlate(table)
        .scalar_subquery()
    )
    return [row[1] for row in connection.execute(select(number, counted).select_from(table).order_by(number))]


def site_counts(
    connection: Connection, exclude: Exclusions = NOTHING, *, site: str | None = None
) -> tuple[SiteCount, ...]:
    """All sites by name, or one, with what is held of each.

    A site of whose captures none is shown is left out too, but for one that is configured and whose own address is
    not excluded: its name would tell that something is held.
    """
    captured: Counter[int] = Counter()
    for (site_id,), count in _counted(connection, ("site_id",), exclude, None, site):
        captured[site_id] += count
    shown = shown_articles(connection, exclude)
    held = select(ArticleRow.site_id, func.count()).where(*shown).group_by(ArticleRow.site_id)
    if site is not None:
        held = held.where(ArticleRow.site_id == site_ids(connection, [site]).get(site, 0))
    articles: dict[int, int] = {row[0]: row[1] for row in connection.execute(held)}
    captures = CaptureRow.site_id == SiteRow.id, *shown_captures(connection, exclude)
    at = CaptureRow.fetched_at
    # One step into an index each: min and max over all captures would be a walk through them.
    first, last = (
        select(at).where(*captures).order_by(by).limit(1).correlate(SiteRow).scalar_subquery() for by in (at, at.desc())
    )
    newest = (
        select(ArticleRow.dated_at)
        .where(ArticleRow.site_id == SiteRow.id, *shown)
        .order_by(ArticleRow.dated_at.desc())
        .limit(1)
        .correlate(SiteRow)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(SiteRow, first.label("first"), last.label("last"), newest.label("newest"))
        .where(SiteRow.name.not_in(sorted(exclude.hidden)), *([] if site is None else [SiteRow.name == site]))
        .order_by(SiteRow.name)
    )
    return tuple(
        SiteCount(
            name=row.name, url=row.url, title=row.title, configured=row.configured, articles=articles.get(row.id, 0),
            captures=captured[row.id],
            first_capture=row.first, last_capture=row.last, newest_article=row.newest,
        )
        for row in rows
        if not exclude or captured[row.id] or (row.configured and not exclude.leave_out(row.url))
    )  # fmt: skip


def _counted(
    connection: Connection, by: tuple[str, ...], exclude: Exclusions, since: date | None, site: str | None
) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Counts by some of site_id, day and outcome: what is held, and, negative, what of it is not to be shown."""
    ids = site_ids(connection, {*exclude.hidden, *([site] if site is not None else [])})
    hidden = sorted(ids[name] for name in exclude.hidden if name in ids)
    for asked, columns, is_held in (_held(), *_left_out(connection, exclude)):
        keys = [columns[name].label(name) for name in by]
        found = asked.add_columns(*keys).group_by(*(columns[name] for name in by))
        if since is not None:
            found = found.where(columns["since"] >= (since.isoformat() if is_held else _midnight(since)))
        if site is not None:
            found = found.where(columns["site_id"] == ids.get(site, 0))
        if hidden:
            found = found.where(columns["site_id"].not_in(hidden))
        for row in connection.execute(found):
            yield tuple(row[1:]), int(row[0]) if is_held else -int(row[0])


_Part = tuple[AnySelect, Mapping[str, Any], bool]
"""A question for a number, the columns that it may be grouped and narrowed by, and whether that number is held."""


def _held() -> _Part:
    columns = {"site_id": DayRow.site_id, "day": DayRow.day, "outcome": DayRow.outcome, "since": DayRow.day}
    return select(func.sum(DayRow.captures)), columns, True


def _left_out(connection: Connection, exclude: Exclusions) -> Iterator[_Part]:
    """Captures that are excluded by their URLs, and those of the others that are by their time."""
    at = CaptureRow.fetched_at
    columns = {
        "site_id": CaptureRow.site_id, "day": day_of(connection, at), "outcome": CaptureRow.outcome, "since": at
    }  # fmt: skip
    counted = select(func.count()).select_from(CaptureRow)
    blocked = begins(UrlRow.urlkey.expression, exclude.urlkeys)
    if exclude.urlkeys:
        yield counted.join(UrlRow, UrlRow.id == CaptureRow.url_id).where(blocked), columns, False
    ids = site_ids(connection, (name for name, _ in exclude.embargoes))
    for name, until in exclude.embargoes:
        late = counted.where(CaptureRow.site_id == ids.get(name, 0), at > until)
        yield late.where(not_(exists().where(and_(UrlRow.id == CaptureRow.url_id, blocked)))), columns, False


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_of(connection: Connection, column: Any) -> ColumnElement[str]:
    """The day of a column's moment, in UTC, as YYYY-MM-DD."""
    if connection.dialect.name == "postgresql":
        return func.to_char(func.timezone(literal("UTC"), column), literal("YYYY-MM-DD"))
    return func.substr(column, 1, 10)
