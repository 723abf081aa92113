"""Learn the boilerplate of sites: SQL counts (counting.py), a pure rule decides (rule.py).

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
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, func, select, text, update

from storage.grouping import group_pairs
from storage.index.boilerplate import counting, rule
from storage.index.boilerplate.boxes import learn_boxes
from storage.index.engine.dialect import limit_sort_memory, lock_rows
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
from storage.index.schema.tables import ArticleRow, SearchChangeRow, SiteRow, VersionParagraphRow, VersionRow

SiteParagraph: TypeAlias = tuple[int, int]
"""Ids of a site and of a paragraph: the same text may be boilerplate of one site and not of another."""

_COUNT_ALL_FACTOR = 10  # if a tenth of the sites' articles have new versions, it is cheaper to count everything
_COUNTS = [each.name for each in fields(rule.BoilerplateCandidate)]
_JUDGED_AT_ONCE = 50  # candidates per batch; each has up to rule.SAMPLE articles in memory


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
    counting.TABLES.create_all(connection, checkfirst=False)
    with limit_sort_memory(connection):
        if everything:
            counting.select_all_paragraphs(connection, site_ids)
        else:
            connection.execute(counting.SHARED_WITH_NEW, {"sites": site_ids})
            for counts in counting.read_previous_counts(connection, site_ids, dates.min_articles):
                if again := [one.paragraph_id for one in counts if one.is_boilerplate or dates.is_enough(one)]:
                    connection.execute(counting.SHARED_TOO, [{"of": paragraph_id} for paragraph_id in again])
        counting.count_articles(connection, site_ids, everything=everything)
    for lost in counting.read_lost_boilerplate(connection, site_ids, everything=everything):
        _mark_stale(connection, [(row.site_id, row.paragraph_id) for row in lost])
    counting.store_counts(connection, site_ids, everything=everything)
    for changed in _find_changed_decisions(connection, dates):
        counting.store_decisions(connection, changed)
        _mark_stale(connection, changed)
    counting.TABLES.drop_all(connection, checkfirst=False)
    learn_boxes(connection, site_ids, new, everything=everything)
    change_by_ids(connection, update(VersionRow).where(VersionRow.id.in_(IDS)).values(is_counted=True), new)
    connection.execute(
        update(SiteRow).where(SiteRow.id.in_(site_ids), SiteRow.needs_relearning).values(needs_relearning=False)
    )


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
    for rows in counting.read_counts(connection, dates.min_articles):
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


_STATEMENTS = load_statements("storage.index.boilerplate", "learning.sql")
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
