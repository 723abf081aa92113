"""The public API. Its modules are imported by the first call that needs them: importing the names takes no time."""

from __future__ import annotations  # the types of results are imported for type checkers only

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime
    from os import PathLike

    from newsarchive.archive import Archive as OpenedArchive
    from newsarchive.jobs.crawl_process import CrawlResult, SaveResult
    from storage.article_fields import ArchivedArticle
    from storage.index.queries.links import Placement
    from storage.index.views.articles import AnyOf, CaptureView, Order, SearchHit
    from storage.index.views.history import ChangeView, ListingCapture
    from storage.model import Reading

    Time: TypeAlias = date | str | None


def extract_page(
    html: str | bytes, url: str | None = None, headers: Sequence[tuple[str, str]] = (), *,
    fetched: datetime | None = None,
) -> Reading:  # fmt: skip
    """Read one web page: its kind (`reading.outcome`), why (`reading.reason`), and its text and fields.

    `reading.article` is None for pages served in place of content: challenges, consent walls, errors. A listing or a
    gallery has the fields that an article on it would have. No page raises an error, however broken.

    Args:
        html: The page as text, or as bytes in any encoding without content coding (gzip, br).
        url: URL of the page, against which links are resolved; by default the one that the page names, if any.
        headers: HTTP response headers, in order: they may name the encoding.
        fetched: Time of the request, with a time zone, for dates such as "3 hours ago".
    Example: `extract_page("<h1>Ferry stuck</h1>", "https://news.example/ferry").outcome`
    """
    from newsarchive.extract.page import extract_page as read_payload
    from newsarchive.extract.page_input import PageInput

    # bytes() alone would make a page of a number or of the name of a file.
    payload = html.encode("utf-8", "replace") if isinstance(html, str) else bytes(memoryview(html))
    return read_payload(payload, url or "", headers, PageInput(fetched_at=fetched))


class Archive(AbstractContextManager["Archive"]):
    """An archive: a folder with newsarchive.toml, WARC files and their SQL index. Threads may share it.

    Its methods show all that is in it, also what `newsarchive serve` withholds, and raise ArchiveError if the index
    cannot be used. Its iterators read in batches, hold no connection meanwhile, and may be left at any time.

    Times are in UTC. `since` (included) and `until` (excluded) are datetimes with a time zone, days, ISO 8601 text (UTC
    if it names no zone) or ages such as "7d"; a day, or a month such as "2026-05", is included in both. Of several
    values in a tuple one has to match. A site that the archive does not have is an error (ArchiveError); an article
    that it does not have is none.
    Example: `[article.url for article in Archive.open("morgue").articles()]`
    """

    def __init__(self, opened: OpenedArchive) -> None:
        from newsarchive.library.selection import Selection

        self._opened, self._selection = opened, Selection(opened)

    @classmethod
    def open(cls, folder: str | PathLike[str]) -> Self:
        """Open the archive in a folder; ArchiveError if there is none, or its settings or its index cannot be used.
        Example: `Archive.open("morgue").close()`
        """
        from newsarchive.archive import Archive as OpenedArchive

        return cls(OpenedArchive.open_to_read(Path(folder)))

    @classmethod
    def init(cls, folder: str | PathLike[str], **settings: str) -> Self:
        """Create an archive, and its folder if needed; ArchiveError if there is one, or a setting is unknown.
        Example: `Archive.init("new", operator="The Alder Bay Library", contact="archive@library.example")`
        """
        from newsarchive.archive import Archive as OpenedArchive

        return cls(OpenedArchive.init(Path(folder), **settings))

    def close(self) -> None:
        """Close the index, as the end of a `with` statement does. Example: `archive.close()`."""
        self._opened.close()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def articles(
        self, *, site: AnyOf = None, since: Time = None, until: Time = None, author: str | None = None,
        query: str | None = None, url: str | None = None,
    ) -> Iterator[ArchivedArticle]:  # fmt: skip
        """Return articles with their current text, by date of publication (else of the first capture), newest first.

        `author` is a part of a name, `query` a search (`newsarchive help search`), `url` any URL of one article.
        Example: `pandas.DataFrame(article.to_dict() for article in archive.articles(site="lantern"))`
        """
        return self._selection.iter_articles(
            url, all_versions=False, site=site, since=since, until=until, author=author, query=query
        )

    def versions(
        self, *, url: str | None = None, site: AnyOf = None, since: Time = None, until: Time = None
    ) -> Iterator[ArchivedArticle]:
        """Return all versions of articles, the newest of each article first, selected as by `articles`.
        Example: `[(version.version, version.changed) for version in archive.versions(url=url)]`
        """
        return self._selection.iter_articles(url, all_versions=True, site=site, since=since, until=until)

    def search(  # noqa: PLR0913 - each is a filter
        self, query: str, *, site: AnyOf = None, since: Time = None, until: Time = None, author: str | None = None,
        order: Order = "newest", limit: int | None = None,
    ) -> Iterator[SearchHit]:  # fmt: skip
        """Return the articles that a search finds (`newsarchive help search`), selected as by `articles`.

        `order` is "newest", "rank" (how well they match), "longest" or "edits" (number of later texts).
        Example: `[hit.url for hit in archive.search("harbour -fog", order="rank", limit=10)]`
        """
        return self._selection.search(
            query, order=order, limit=limit, site=site, since=since, until=until, author=author
        )

    def captures(
        self, *, url: str | None = None, site: AnyOf = None, outcome: AnyOf = None, since: Time = None,
        until: Time = None,
    ) -> Iterator[CaptureView]:  # fmt: skip
        """Return captures by the time of their request, newest first: of one URL, or site after site.
        Example: `[capture.fetched_at for capture in archive.captures(url=url)]`
        """
        return self._selection.iter_captures(url=url, site=site, outcome=outcome, since=since, until=until)

    def listings(
        self, *, url: str | None = None, site: AnyOf = None, since: Time = None, until: Time = None
    ) -> Iterator[ListingCapture]:
        """Return captures of front pages and other listings with their links, in the order of `captures`.
        Example: `[len(listing.groups) for listing in archive.listings(site="lantern", since="2026-05-04")]`
        """
        return self._selection.iter_listings(url=url, site=site, since=since, until=until)

    def changes(  # noqa: PLR0913 - each is a filter
        self, *, site: AnyOf = None, since: Time = None, until: Time = None, author: str | None = None,
        event: AnyOf = None, kind: AnyOf = None, notice: AnyOf = None,
    ) -> Iterator[ChangeView]:  # fmt: skip
        """Return changes of articles (`newsarchive help changes`), seen last first; here `author` is a full name.
        Example: `[(change.seen, change.before, change.after) for change in archive.changes(kind="added")]`
        """
        return self._selection.iter_changes(
            site=site, since=since, until=until, author=author, event=event, kind=kind, notice=notice
        )

    def placements(
        self, *, url: str | None = None, site: AnyOf = None, since: Time = None, until: Time = None
    ) -> Iterator[Placement]:
        """Return where articles stood on front pages and other listings, by listing, oldest first; `url` is a listing.
        Example: `[(one.article_id, one.position, one.minutes) for one in archive.placements(site="lantern")]`
        """
        return self._selection.iter_placements(url=url, site=site, since=since, until=until)

    def crawl(self, sites: str | Sequence[str] = (), *, max_pages: int = 0, max_time: str | None = None) -> CrawlResult:
        """Crawl sites, by default all, in a process of its own, and wait for its end; also in a notebook.

        `max_time` is such as "10m". An interrupt (Ctrl-C) stops it in order: what was fetched is kept. ArchiveError if
        it cannot begin: a site is unknown, or is being crawled already.
        Example: `archive.crawl(["lantern"], max_pages=20).counts["captures"]`
        """
        from newsarchive.jobs.crawl_process import parse_crawl_result, run_command

        limits = ["--max-pages", str(max_pages), *(["--max-time", max_time] if max_time else [])]
        names = [sites] if isinstance(sites, str) else sites
        return parse_crawl_result(*run_command(self._opened.folder, "crawl", *limits, "--", *names))

    def save(self, url: str) -> SaveResult:
        """Save a page with its requisites, now, in a process of its own; ArchiveError if its site is being crawled.
        Example: `archive.save(url).outcome`
        """
        from newsarchive.jobs.crawl_process import parse_saved_page, run_command

        return parse_saved_page(run_command(self._opened.folder, "save", "--", url)[0])
