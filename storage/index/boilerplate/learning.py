"""Learning what a site prints everywhere: SQL counts (counting.py), a pure rule judges (boilerplate).

    what new versions share --+
    what may have flipped  ---+-> counted -> stored -> candidates, some at a time -> verdicts -> stale documents

What was counted before holds until a version that carries it is marked: as new, of another date, or no longer the
current one (`counted`), or its site is, where words were taken out (`relearn`). Verdicts are of their time, so all that
may be boilerplate is judged anew, and its carriers looked at again.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, update

from storage.index.boilerplate import counting
from storage.index.boilerplate.rule import (
    COUNTED,
    SAMPLE,
    Candidate,
    Carrier,
    fewest_articles,
    in_its_time,
    is_boilerplate,
    may_be_boilerplate,
    might_be_boilerplate,
)
from storage.index.engine.database import AnyRow, parts
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    ParagraphRow,
    SearchDocumentRow,
    SiteRow,
    UrlRow,
    VersionParagraphRow,
    VersionRow,
)

Place: TypeAlias = tuple[int, int]
"""A site's id and a paragraph's: the same text is another site's boilerplate or not."""

_MANY = 10
"""New versions for this part of the sites' articles make it cheaper to count everything."""
_JUDGED_AT_ONCE = 50
"""Candidates: each has its carriers in memory, up to SAMPLE articles."""
_DATES_AT_ONCE = 1_000
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class _Judged(NamedTuple):
    """A paragraph that is to be judged, and the articles of its site in its time."""

    place: Place
    candidate: Candidate
    window: int
    was: bool
    """The verdict until now."""


def learn(connection: Connection, site_ids: Sequence[int]) -> tuple[int, int]:
    """Count sites' paragraphs and judge them; returns how many became boilerplate, and how many no longer are."""
    # One at a time learns of a site, and what others bring in meanwhile is counted the next time.
    connection.execute(
        select(SiteRow.id).where(SiteRow.id.in_(site_ids)).order_by(SiteRow.id).with_for_update(key_share=True)
    )
    new = _uncounted(connection, site_ids)
    dates = Dates(connection, site_ids)
    everything = len(new) * _MANY >= dates.articles or _are_to_relearn(connection, site_ids)
    counting.begin(connection)
    with counting.in_little_memory(connection):
        _count(connection, site_ids, dates, everything=everything)
    learnt, unlearnt = 0, 0
    for lost in counting.no_more_shared(connection, site_ids, everything=everything):
        unlearnt += len(lost)
        _mark_stale(connection, [(row.site_id, row.paragraph_id) for row in lost])
    counting.store(connection, site_ids, everything=everything)
    for flipped in _flipped(connection, dates):
        _store(connection, flipped)
        learnt += sum(flipped.values())
        unlearnt += len(flipped) - sum(flipped.values())
    counting.end(connection)
    _mark_stale_new(connection, site_ids)
    for some in parts(new):
        connection.execute(update(VersionRow).where(VersionRow.id.in_(some)).values(counted=True))
    connection.execute(update(SiteRow).where(SiteRow.id.in_(site_ids), SiteRow.relearn).values(relearn=False))
    return learnt, unlearnt


def _count(connection: Connection, site_ids: Sequence[int], dates: "Dates", *, everything: bool) -> None:
    if everything:
        counting.share_all(connection, site_ids)
    else:
        counting.share_new(connection, site_ids)
        for held in counting.held(connection, site_ids, dates.fewest):
            counting.share(connection, [one.paragraph_id for one in held if one.verdict or dates.suffice(one)])
    counting.count(connection, site_ids, everything=everything)


def _uncounted(connection: Connection, site_ids: Sequence[int]) -> list[int]:
    """New versions, and those of which something changed.

    Locked, so that no mark is lost which another writer makes from now on; what others are changing is left to them.
    """
    asked = select(VersionRow.id).where(_is_new(site_ids)).order_by(VersionRow.id)
    return list(connection.scalars(asked.with_for_update(key_share=True, skip_locked=True)))


def _is_new(site_ids: Sequence[int]) -> ColumnElement[bool]:
    of_sites = select(ArticleRow.id).where(ArticleRow.site_id.in_(site_ids))
    return (~VersionRow.counted) & VersionRow.article_id.in_(of_sites)


def _are_to_relearn(connection: Connection, site_ids: Sequence[int]) -> bool:
    return bool(connection.scalar(select(func.count()).where(SiteRow.id.in_(site_ids), SiteRow.relearn)))


class Dates:
    """Dates of all articles of sites, eight bytes each."""

    def __init__(self, connection: Connection, site_ids: Sequence[int]) -> None:
        self._of: dict[int, array[int]] = {site_id: array("q") for site_id in site_ids}
        dated = select(ArticleRow.site_id, ArticleRow.dated_at).where(ArticleRow.site_id.in_(site_ids))
        streaming = {"stream_results": True, "yield_per": _DATES_AT_ONCE}
        for site_id, at in connection.execute(dated.order_by(ArticleRow.dated_at), execution_options=streaming):
            self._of[site_id].append(_ticks(at))

    @property
    def articles(self) -> int:
        """How many there are."""
        return sum(map(len, self._of.values()))

    @property
    def fewest(self) -> int:
        """Articles that must carry a paragraph of one of the sites for it to be boilerplate."""
        return min((fewest_articles(len(dates)) for dates in self._of.values()), default=0)

    def window(self, site_id: int, first: datetime, last: datetime) -> int:
        """Articles of the site between two dates, but so many at least as tell something."""
        dates = self._of[site_id]
        between = bisect_right(dates, _ticks(last)) - bisect_left(dates, _ticks(first))
        return in_its_time(between, len(dates))

    def suffice(self, held: counting.Held) -> bool:
        """Whether what was counted may make it boilerplate, wherever it stands."""
        return might_be_boilerplate(held.articles, self.window(held.site_id, held.first, held.last))


def _ticks(at: datetime) -> int:
    return (at - _EPOCH) // _TICK


def _flipped(connection: Connection, dates: Dates) -> Iterator[dict[Place, bool]]:
    """Judge what was counted; the verdicts that are others than before, some at a time."""
    for rows in counting.counted(connection, dates.fewest):
        judged = [_to_judge(row, dates.window(row.site_id, row.first_seen_at, row.last_seen_at)) for row in rows]
        worth_it = [one for one in judged if may_be_boilerplate(one.candidate, one.window)]
        verdicts = dict.fromkeys((one.place for one in judged), False)
        for start in range(0, len(worth_it), _JUDGED_AT_ONCE):
            verdicts |= _judge(connection, worth_it[start : start + _JUDGED_AT_ONCE])
        flipped = {one.place: verdicts[one.place] for one in judged if verdicts[one.place] != one.was}
        if flipped:
            yield flipped


def _to_judge(row: AnyRow, window: int) -> _Judged:
    candidate = Candidate(
        length=row.length, articles=row.articles, first_from_start=row.first_from_start,
        last_from_start=row.last_from_start, first_from_end=row.first_from_end, last_from_end=row.last_from_end,
    )  # fmt: skip
    return _Judged((row.site_id, row.paragraph_id), candidate, window, row.verdict)


def _judge(connection: Connection, judged: Sequence[_Judged]) -> dict[Place, bool]:
    samples = {one.place: _sample(connection, *one.place) for one in judged}
    carriers = _carriers(connection, {article_id for ids in samples.values() for article_id in ids})
    return {
        one.place: is_boilerplate(
            one.candidate, one.window, [carriers[each] for each in samples[one.place]], one.place[1]
        )
        for one in judged
    }


def _sample(connection: Connection, site_id: int, paragraph_id: int) -> list[int]:
    """The newest articles of a site that carry a paragraph."""
    return list(connection.scalars(_CARRYING, {"site_id": site_id, "paragraph_id": paragraph_id}))


_CARRYING = (
    select(ArticleRow.id)
    .join(UrlRow, UrlRow.id == ArticleRow.url_id)
    .where(
        ArticleRow.site_id == bindparam("site_id"),
        ArticleRow.id.in_(
            select(VersionRow.article_id)
            .join(VersionParagraphRow, VersionParagraphRow.version_id == VersionRow.id)
            .where(VersionParagraphRow.paragraph_id == bindparam("paragraph_id"))
        ),
    )
    .order_by(ArticleRow.dated_at.desc(), UrlRow.url)
    .limit(SAMPLE)
)


def _carriers(connection: Connection, article_ids: Iterable[int]) -> dict[int, Carrier]:
    """What is to be known of articles to tell whether they are different stories."""
    lengths: dict[int, dict[int, int]] = {}
    shared: dict[int, dict[int, int]] = {}
    for some in parts(article_ids):
        for article_id in some:
            lengths[article_id], shared[article_id] = {}, {}
        for article_id, paragraph_id, length, is_shared in connection.execute(_SAID, {"articles": some}):
            lengths[article_id][paragraph_id] = length
            if is_shared:
                shared[article_id][paragraph_id] = length
    return {one: Carrier(shared=shared[one], length=sum(lengths[one].values())) for one in lengths}


_SAID = (
    select(
        VersionRow.article_id,
        VersionParagraphRow.paragraph_id,
        func.length(ParagraphRow.text),
        BoilerplateRow.paragraph_id.is_not(None),
    )
    .join(ArticleRow, ArticleRow.id == VersionRow.article_id)
    .join(VersionParagraphRow, VersionParagraphRow.version_id == VersionRow.id)
    .join(ParagraphRow, ParagraphRow.id == VersionParagraphRow.paragraph_id)
    .join(
        BoilerplateRow,
        (BoilerplateRow.site_id == ArticleRow.site_id)
        & (BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id),
        isouter=True,
    )
    .where(
        VersionRow.article_id.in_(bindparam("articles", expanding=True)),
        VersionRow.current,
        VersionParagraphRow.role.in_(COUNTED),
    )
)


def _store(connection: Connection, flipped: Mapping[Place, bool]) -> None:
    """Write verdicts, and have those documents written anew that they are about."""
    connection.execute(
        _VERDICT,
        [{"site": site, "paragraph": paragraph, "now": now} for (site, paragraph), now in sorted(flipped.items())],
    )
    _mark_stale(connection, flipped)


_VERDICT = (
    update(BoilerplateRow)
    .where(
        BoilerplateRow.site_id == bindparam("site"),
        BoilerplateRow.paragraph_id == bindparam("paragraph"),
    )
    .values(verdict=bindparam("now"))
)


def _mark_stale(connection: Connection, flipped: Iterable[Place]) -> None:
    """Documents are to be written anew that carry a flipped paragraph."""
    by_site: dict[int, list[int]] = {}
    for site_id, paragraph_id in flipped:
        by_site.setdefault(site_id, []).append(paragraph_id)
    for site_id, paragraph_ids in by_site.items():
        for some in parts(paragraph_ids):
            carrying = select(VersionParagraphRow.version_id).where(VersionParagraphRow.paragraph_id.in_(some))
            connection.execute(
                update(SearchDocumentRow)
                .where(SearchDocumentRow.site_id == site_id, SearchDocumentRow.version_id.in_(carrying))
                .values(stale=True)
            )


def _mark_stale_new(connection: Connection, site_ids: Sequence[int]) -> None:
    """The same for new documents that were written while verdicts changed."""
    new: Select[int] = select(VersionRow.id).where(_is_new(site_ids))
    connection.execute(
        update(SearchDocumentRow)
        .where(SearchDocumentRow.version_id.in_(new), SearchDocumentRow.left_out != _LEFT_OUT)
        .values(stale=True)
    )


_LEFT_OUT = (
    select(func.count())
    .select_from(VersionParagraphRow)
    .join(BoilerplateRow, BoilerplateRow.paragraph_id == VersionParagraphRow.paragraph_id)
    .where(
        BoilerplateRow.site_id == SearchDocumentRow.site_id,
        VersionParagraphRow.version_id == SearchDocumentRow.version_id,
        VersionParagraphRow.role.in_(COUNTED),
        BoilerplateRow.verdict,
    )
    .scalar_subquery()
)
