"""Pages that are compared together: those that share a text, or that a redirect or canonical URL connects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from storage.grouping import group_pairs
from storage.index.engine.statements import IDS, AnyRow, build_query, fetch_by_ids
from storage.index.rows.duplicates import ROWS_SQL, SHARED_TEXTS
from storage.index.rows.identity import MAX_DATED_PAGES, Comparison, Evidence, Lengths, Page, PageText
from storage.index.schema.tables import CaptureRow, UrlRow, VersionRow
from storage.model import BODY_ROLES

_MAX_REDIRECTS = 20  # length of a chain of redirects, as in the Fetch standard
PERMANENT = (301, 308)
_BODY = sorted(role.value for role in BODY_ROLES)


@dataclass(slots=True)
class ConnectedPages:
    """Pages, with all their texts, and all pages that share one of these or that a redirect connects."""

    connection: Connection
    rows: dict[int, AnyRow] = field(default_factory=dict)
    """Rows of `versions`, with the time of their first capture, by id."""
    soft: set[bytes] = field(default_factory=set)
    """Masked digests of soft errors whose other pages are not loaded: nothing can change what they are."""
    _pages: set[Page] = field(default_factory=set)
    _grouped: set[tuple[int, bytes]] = field(default_factory=set)
    _alternates: dict[Page, set[int]] = field(default_factory=dict)
    """Other URLs at which a page was captured."""
    _redirects: dict[int, set[int]] = field(default_factory=dict)

    def add(self, version_ids: Collection[int]) -> None:
        """Add the pages of these texts, and those connected with them."""
        found = {page_of(row) for row in fetch_by_ids(self.connection, _TEXTS_BY_IDS, version_ids)}
        while found := found - self._pages:
            self._pages |= found
            rows = fetch_by_ids(self.connection, _TEXTS_OF_PAGES, {url_id for _, url_id in found})
            new = [row for row in rows if page_of(row) in found]
            self.rows.update((row.id, row) for row in new)
            found = self._find_sharing(new) | self._find_alternates(found) | self._find_redirected(found)

    def to_comparison(self) -> Comparison:
        """Return all pages as `identify` compares them."""
        texts = [
            PageText(
                version_id=row.id, page=page_of(row), digest=row.digest, masked=row.masked_digest,
                evidence=Evidence(row.evidence), headline=row.headline, published=row.published_at,
                published_source=row.published_source, first=(row.fetched_at, row.record_id),
            )
            for row in self.rows.values()
        ]  # fmt: skip
        urls = {page_of(row): row.url for row in self.rows.values()}
        return Comparison(texts=texts, urls=urls, moves=self._find_moves(urls), soft=self.soft)

    def _find_moves(self, pages: Collection[Page]) -> set[tuple[Page, Page]]:
        """Return the pages that lead to others."""
        at = group_pairs(((page[0], url_id), page) for page in pages for url_id in self._url_ids(page))
        moves = {((page[0], url_id), page) for page in pages for url_id in self._alternates.get(page, ())}
        for page in pages:
            newest, reached = self._url_ids(page), set[int]()
            for _ in range(_MAX_REDIRECTS):
                newest = {target for url_id in newest for target in self._redirects.get(url_id, ())} - reached
                reached |= newest
            moves |= {(page, target) for url_id in reached for target in at.get((page[0], url_id), ())}
        return {(source, target) for source, target in moves if source != target and source in pages}

    def _url_ids(self, page: Page) -> set[int]:
        return {page[1]} | self._alternates.get(page, set())

    def _find_sharing(self, rows: Sequence[AnyRow]) -> set[Page]:
        """Return the pages that have the same texts, numbers, times and addresses apart."""
        wanted = {(row.site_id, row.masked_digest) for row in rows} - self._grouped
        self._grouped |= wanted
        found: set[Page] = set()
        for group in fetch_by_ids(self.connection, SHARED_TEXTS, {masked for _, masked in wanted}):
            if (group.site_id, group.masked_digest) not in wanted or group.first == group.last:
                continue
            # A soft error of many pages stays one: only pages that do not know yet are changed.
            is_soft = group.evidence == 0 and group.pages > MAX_DATED_PAGES
            members = _MEMBERS.where(VersionRow.site_id == group.site_id)
            members = members.where(VersionRow.masked_digest == group.masked_digest)
            if is_soft:
                self.soft.add(group.masked_digest)
                members = members.where(_IS_SHOWN)
            found.update((group.site_id, url_id) for url_id in self.connection.scalars(members))
        sites = {row.site_id for row in rows}
        digests = {row.digest for row in rows}
        same = fetch_by_ids(self.connection, _PAGES_OF_DIGESTS, digests, soft=sorted(self.soft))
        return found | {page_of(row) for row in same if row.site_id in sites}

    def _find_alternates(self, pages: Collection[Page]) -> set[Page]:
        """Return the pages that are captured under another URL, of which one is among these."""
        found: set[Page] = set()
        url_ids = {url_id for _, url_id in pages}
        for row in fetch_by_ids(self.connection, _ALTERNATES, url_ids):
            page = page_of(row)
            if page in pages:
                self._alternates.setdefault(page, set()).add(row.url_id)
                found.add((row.site_id, row.url_id))
        named = fetch_by_ids(self.connection, _NAMED_BY, url_ids)
        return found | {page_of(row) for row in named if (row.site_id, row.url_id) in pages}

    def _find_redirected(self, pages: Collection[Page]) -> set[Page]:
        """Return the pages that permanent redirects connect with these."""
        sites = {site_id for site_id, _ in pages}
        url_ids = {url_id for page in pages for url_id in self._url_ids(page)}
        others = walk_redirects(self.connection, url_ids, self._redirects)
        found = {(site_id, url_id) for site_id in sites for url_id in others}
        found.update(page_of(row) for row in fetch_by_ids(self.connection, _NAMED_BY, others))
        return {page for page in found if page[0] in sites}


def page_of(row: AnyRow) -> Page:
    """Return the page of a version's row."""
    return row.site_id, row.page_url_id


_TEXTS: Any = (
    select(VersionRow, UrlRow.url, CaptureRow.fetched_at, CaptureRow.record_id)
    .join(UrlRow, UrlRow.id == VersionRow.page_url_id)
    .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
)
_TEXTS_BY_IDS, _TEXTS_OF_PAGES = (_TEXTS.where(column.in_(IDS)) for column in (VersionRow.id, VersionRow.page_url_id))
_PAGES_OF_DIGESTS: Any = (
    select(VersionRow.site_id, VersionRow.page_url_id)
    .where(VersionRow.digest.in_(IDS), VersionRow.masked_digest.not_in(bindparam("soft", expanding=True)))
    .distinct()
)
_MEMBERS: Any = select(VersionRow.page_url_id).distinct()
_IS_SHOWN = or_(VersionRow.article_id.is_not(None), VersionRow.duplicate_of_id.is_not(None))
_ALTERNATES, _NAMED_BY = (build_query(ROWS_SQL[name], ["ids"]) for name in ("alternates", "named-by"))


def walk_redirects(connection: Connection, url_ids: set[int], redirects: dict[int, set[int]]) -> set[int]:
    """Return the URLs to which permanent redirects lead from these, and from which to these; note each redirect."""
    found: set[int] = set()
    for column, other in (("url_id", "redirect_url_id"), ("redirect_url_id", "url_id")):
        query = _REDIRECTS.where(getattr(CaptureRow, column).in_(IDS))
        newest, seen = url_ids, url_ids
        for _ in range(_MAX_REDIRECTS):
            rows = fetch_by_ids(connection, query, newest)
            for row in rows:
                redirects.setdefault(row.url_id, set()).add(row.redirect_url_id)
            newest = {getattr(row, other) for row in rows} - seen
            seen = seen | newest
        found |= seen - url_ids
    return found


_REDIRECTS: Any = (
    select(CaptureRow.url_id, CaptureRow.redirect_url_id)
    .where(CaptureRow.status.in_(PERMANENT), CaptureRow.redirect_url_id.is_not(None))
    .distinct()
)


def load_body_lengths(connection: Connection, version_ids: Collection[int]) -> dict[int, Lengths]:
    """Return the lengths of the body paragraphs of versions, by paragraph."""
    rows = fetch_by_ids(connection, _BODY_LENGTHS, version_ids, roles=_BODY)
    found = group_pairs((version_id, (paragraph_id, length)) for version_id, paragraph_id, length in rows)
    return {version_id: dict(lengths) for version_id, lengths in found.items()}


_BODY_LENGTHS = build_query(ROWS_SQL["body-lengths"], ["ids", "roles"])
