"""Learn the boilerplate of sites: SQL counts, as there may be many paragraphs; a pure rule decides (rule.py).

    paragraphs of new versions ------+
    paragraphs that may have changed-+-> counted -> stored -> candidates, in batches -> decisions -> change log

Stored counts are valid until a version that carries the paragraph is marked (`is_counted`): as new, with another date,
or no longer current; or until its site is (`needs_relearning`), after content was deleted. Decisions depend on the
articles of a period, so everything that may be boilerplate is decided again, and its carrying articles are compared.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Executable,
    Integer,
    MetaData,
    Table,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)

from storage.grouping import group_pairs
from storage.index.boilerplate import rule
from storage.index.boilerplate.boxes import learn_boxes
from storage.index.engine.dialect import analyze_tables, limit_sort_memory, lock_rows
from storage.index.engine.statements import (
    IDS,
    STREAMING,
    AnyRow,
    change_by_ids,
    fetch_by_ids,
    insert_rows,
    load_statements,
)
from storage.index.fulltext.fields import count_microseconds
from storage.index.schema.tables import (
    ArticleRow,
    BoilerplateRow,
    SearchChangeRow,
    SiteRow,
    VersionParagraphRow,
    VersionRow,
)

SiteParagraph: TypeAlias = tuple[int, int]
"""Ids of a site and of a paragraph: the same text may be boilerplate of one site and not of another."""

_COUNT_ALL_FACTOR = 10  # if a tenth of the sites' articles have new versions, it is cheaper to count everything
_COUNTS = [each.name for each in fields(rule.BoilerplateCandidate)]
_JUDGED_AT_ONCE = 50  # candidates per batch; each has up to rule.SAMPLE articles in memory
_LARGE = 4
"""From this fraction of all articles on, a scan of all paragraphs costs less than one by versions."""

_TABLES = MetaData()
"""Temporary tables: the transaction that creates them drops them."""
_SHARED = Table(
    "shared_paragraphs",
    _TABLES,
    Column("paragraph_id", Integer, primary_key=True, autoincrement=False),
    Column("length", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
_COUNTED = Table(
    "counted_paragraphs",
    _TABLES,
    *(Column(name, Integer, primary_key=True, autoincrement=False) for name in ("site_id", "paragraph_id")),
    *(Column(name, Integer, nullable=False) for name in ("length", "articles")),
    *(Column(f"{edge}_from_start", Integer, nullable=False) for edge in ("first", "last")),
    *(Column(f"{edge}_from_end", Integer, nullable=False) for edge in ("first", "last")),
    *(Column(f"{edge}_seen_at", ArticleRow.dated_at.type, nullable=False) for edge in ("first", "last")),
    Column("is_boilerplate", Boolean, nullable=False, comment="The decision so far"),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


class _Judged(NamedTuple):
    """A paragraph to decide on, and the number of articles of its site in its time."""

    place: SiteParagraph
    candidate: rule.BoilerplateCandidate
    window: int
    was: bool
    """The decision so far."""


def learn_boilerplate(connection: Connection, site_ids: Sequence[int]) -> None:
    """Count and decide on the paragraphs of sites."""
    # One writer at a time learns of a site; versions that others write meanwhile are counted the next time.
    lock_rows(connection, SiteRow.id, site_ids)
    # New and changed versions, locked so that no other's mark is lost; those that others change are skipped.
    of_sites = select(ArticleRow.id).where(ArticleRow.site_id.in_(site_ids))
    query = select(VersionRow.id).where(~VersionRow.is_counted, VersionRow.article_id.in_(of_sites))
    new = connection.scalars(query.order_by(VersionRow.id).with_for_update(key_share=True, skip_locked=True)).all()
    dates = ArticleDates(connection, site_ids)
    need_relearning = select(func.count()).where(SiteRow.id.in_(site_ids), SiteRow.needs_relearning)
    everything = len(new) * _COUNT_ALL_FACTOR >= len(dates) or bool(connection.scalar(need_relearning))
    _TABLES.create_all(connection, checkfirst=False)
    with limit_sort_memory(connection):
        if everything:
            _select_all_paragraphs(connection, site_ids)
        else:
            connection.execute(_SHARED_WITH_NEW, {"sites": site_ids})
            for counts in _read_batches(connection, _PREVIOUS_ROWS, sites=site_ids, fewest=dates.min_articles):
                if again := [one.paragraph_id for one in counts if one.is_boilerplate or dates.is_enough(one)]:
                    connection.execute(_SHARED_TOO, [{"of": paragraph_id} for paragraph_id in again])
        _count_articles(connection, site_ids, everything=everything)
    for lost in _read_batches(connection, _LOST if everything else _LOST_OF_SHARED, sites=site_ids):
        _mark_stale(connection, [(row.site_id, row.paragraph_id) for row in lost])
    _store_counts(connection, site_ids, everything=everything)
    for changed in _find_changed_decisions(connection, dates):
        decisions = [{"site": one[0], "paragraph": one[1], "now": now} for one, now in sorted(changed.items())]
        connection.execute(_DECIDE, decisions)
        _mark_stale(connection, changed)
    _TABLES.drop_all(connection, checkfirst=False)
    learn_boxes(connection, site_ids, new, everything=everything)
    change_by_ids(connection, update(VersionRow).where(VersionRow.id.in_(IDS)).values(is_counted=True), new)
    connection.execute(
        update(SiteRow).where(SiteRow.id.in_(site_ids), SiteRow.needs_relearning).values(needs_relearning=False)
    )


def _select_all_paragraphs(connection: Connection, site_ids: Sequence[int]) -> None:
    """Select all paragraphs of sites that more than one version has."""
    of_sites = connection.scalar(select(func.count()).where(ArticleRow.site_id.in_(site_ids))) or 0
    of_all = connection.scalar(select(func.count()).select_from(ArticleRow)) or 0
    if of_sites * _LARGE >= of_all:
        connection.execute(_SHARED_BY_ANY)
    else:
        connection.execute(_SHARED_BY_SITES, {"sites": site_ids})


def _count_articles(connection: Connection, site_ids: Sequence[int], *, everything: bool) -> None:
    """Count the articles of sites that carry the selected paragraphs, at least two, and their positions."""
    parameters = {"sites": site_ids, "roles": rule.COUNTED}
    analyze_tables(connection, [_SHARED.name])
    connection.execute(_COUNT_BY_VERSION if everything else _COUNT_BY_PARAGRAPH, parameters)
    analyze_tables(connection, [_COUNTED.name])


def _store_counts(connection: Connection, site_ids: Sequence[int], *, everything: bool) -> None:
    """Update the stored counts of sites' paragraphs to the new ones. Decisions stay as they are."""
    connection.execute(_GONE if everything else _GONE_OF_SHARED, {"sites": site_ids})
    connection.execute(_STORE)


def _read_batches(connection: Connection, query: Executable, **values: Any) -> Iterator[Sequence[AnyRow]]:
    return connection.execute(query, values, execution_options=STREAMING).partitions()


class ArticleDates:
    """Dates of all articles of sites, eight bytes each."""

    def __init__(self, connection: Connection, site_ids: Sequence[int]) -> None:
        self._of: dict[int, array[int]] = {site_id: array("q") for site_id in site_ids}
        dated = select(ArticleRow.site_id, ArticleRow.dated_at).where(ArticleRow.site_id.in_(site_ids))
        for site_id, at in connection.execute(dated.order_by(ArticleRow.dated_at), execution_options=STREAMING):
            self._of[site_id].append(count_microseconds(at))

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    @property
    def min_articles(self) -> int:
        """Articles that must carry a paragraph of one of the sites at least for it to be boilerplate."""
        return min((rule.min_articles(len(dates)) for dates in self._of.values()), default=0)

    def window(self, seen: AnyRow) -> int:
        """Return the number of articles of a site between the first and last that carry a paragraph, within bounds."""
        dates, first, last = self._of[seen.site_id], seen.first_seen_at, seen.last_seen_at
        between = bisect_right(dates, count_microseconds(last)) - bisect_left(dates, count_microseconds(first))
        return rule.comparison_window(between, len(dates))

    def is_enough(self, counts: AnyRow) -> bool:
        """Return whether stored counts may make a paragraph boilerplate in the best place."""
        return rule.is_enough(rule.BEST_PLACE, counts.articles_seen, self.window(counts))


def _find_changed_decisions(connection: Connection, dates: ArticleDates) -> Iterator[dict[SiteParagraph, bool]]:
    """Decide on counted paragraphs. Yield batches of the decisions that changed."""
    for rows in _read_batches(connection, _COUNTED_ROWS, fewest=dates.min_articles):
        judged = [
            _Judged(
                (row.site_id, row.paragraph_id),
                rule.BoilerplateCandidate(**{name: getattr(row, name) for name in _COUNTS}),
                dates.window(row),
                row.is_boilerplate,
            )
            for row in rows
        ]
        # The count alone must be enough; only then are the carrying articles compared.
        candidates = [one for one in judged if rule.is_enough(one.candidate, one.candidate.articles, one.window)]
        decisions = dict.fromkeys((one.place for one in judged), False)
        for start in range(0, len(candidates), _JUDGED_AT_ONCE):
            decisions |= _decide(connection, candidates[start : start + _JUDGED_AT_ONCE])
        changed = {one.place: decisions[one.place] for one in judged if decisions[one.place] != one.was}
        if changed:
            yield changed


def _decide(connection: Connection, judged: Sequence[_Judged]) -> dict[SiteParagraph, bool]:
    samples = {
        one.place: connection.scalars(_CARRYING, {"site_id": one.place[0], "paragraph_id": one.place[1]}).all()
        for one in judged
    }
    # The paragraphs of articles by which different stories are told apart.
    lengths: dict[int, dict[int, int]] = {article_id: {} for ids in samples.values() for article_id in ids}
    shared: dict[int, dict[int, int]] = {article_id: {} for article_id in lengths}
    for article_id, paragraph_id, length, is_shared in fetch_by_ids(connection, _PARAGRAPHS_OF_ARTICLES, lengths):
        lengths[article_id][paragraph_id] = length
        if is_shared:
            shared[article_id][paragraph_id] = length
    carriers = {one: rule.CarryingArticle(shared=shared[one], length=sum(lengths[one].values())) for one in lengths}
    return {
        one.place: rule.is_boilerplate(
            one.candidate, one.window, [carriers[each] for each in samples[one.place]], one.place[1]
        )
        for one in judged
    }


def _for_sites(sql: str) -> Any:
    return text(sql).bindparams(bindparam("sites", expanding=True))


_STATEMENTS = load_statements("storage.index.boilerplate", "learning.sql")
_SHARED_BY_ANY = text(_STATEMENTS["share-by-any"])
_SHARED_BY_SITES = _for_sites(_STATEMENTS["share-by-sites"])
_SHARED_WITH_NEW = _for_sites(_STATEMENTS["share-with-new"])
"""Selects those of the paragraphs of `_select_all_paragraphs` that an uncounted version has."""
_SHARED_TOO = text(_STATEMENTS["share-one"])
"""Selects one more paragraph."""
_COUNT, _UNCOUNTED = _STATEMENTS["count"], _STATEMENTS["uncounted"]
_ROLES: Any = bindparam("roles", expanding=True)
_COUNT_BY_VERSION = _for_sites(
    _COUNT.format(tables="articles CROSS JOIN versions CROSS JOIN version_paragraphs CROSS JOIN shared_paragraphs")
).bindparams(_ROLES)
_COUNT_BY_PARAGRAPH = _for_sites(
    _COUNT.format(tables="shared_paragraphs CROSS JOIN version_paragraphs CROSS JOIN versions CROSS JOIN articles")
).bindparams(_ROLES)

_COUNTED_ROWS = (
    select(_COUNTED)
    .where(or_(_COUNTED.c.articles >= bindparam("fewest"), _COUNTED.c.is_boilerplate))
    .order_by(_COUNTED.c.site_id, _COUNTED.c.paragraph_id)
)
"""Counts of paragraphs that enough articles have, or that were boilerplate."""
_PREVIOUS_ROWS = _for_sites(_STATEMENTS["stored-counts"]).columns(*BoilerplateRow.__table__.c)
"""The stored counts of the same paragraphs."""

_OF_SHARED = "AND boilerplate.paragraph_id IN (SELECT paragraph_id FROM shared_paragraphs)"
_WAS_LEARNT = "SELECT boilerplate.site_id, boilerplate.paragraph_id {} AND boilerplate.is_boilerplate"
_LOST = _for_sites(_WAS_LEARNT.format(_UNCOUNTED))
_LOST_OF_SHARED = _for_sites(_WAS_LEARNT.format(f"{_UNCOUNTED} {_OF_SHARED}"))
"""Paragraphs that were boilerplate, and that `_store_counts` will delete."""
_GONE = _for_sites(f"DELETE {_UNCOUNTED}")
_GONE_OF_SHARED = _for_sites(f"DELETE {_UNCOUNTED} {_OF_SHARED}")
_STORE = text(_STATEMENTS["store"])
_DECIDE = (
    update(BoilerplateRow)
    .where(BoilerplateRow.site_id == bindparam("site"), BoilerplateRow.paragraph_id == bindparam("paragraph"))
    .values(is_boilerplate=bindparam("now"))
)

_CARRYING = text(_STATEMENTS["carrying"]).bindparams(sample=rule.SAMPLE)
_PARAGRAPHS_OF_ARTICLES = text(_STATEMENTS["paragraphs-of-articles"]).bindparams(
    IDS, bindparam("roles", rule.COUNTED, expanding=True)
)


def _mark_stale(connection: Connection, changed: Iterable[SiteParagraph]) -> None:
    """Note the paragraphs for the search folder, and mark the digests of parts of versions that carry them."""
    by_site = group_pairs(changed)
    rows = [{"site_id": site_id, "paragraph_id": one} for site_id, ids in by_site.items() for one in ids]
    insert_rows(connection, SearchChangeRow, rows)
    for site_id, paragraph_ids in by_site.items():
        carrying = select(VersionParagraphRow.version_id).where(VersionParagraphRow.paragraph_id.in_(IDS))
        of_site = select(ArticleRow.id).where(ArticleRow.site_id == site_id)
        stale = update(VersionRow).where(
            VersionRow.id.in_(carrying), VersionRow.article_id.in_(of_site), VersionRow.parts.is_not(None)
        )
        change_by_ids(connection, stale.values(parts=""), paragraph_ids)
