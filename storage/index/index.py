"""The SQL index: read and write access."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection

from storage.callbacks import VisitPlan
from storage.errors import SearchDamaged
from storage.index.engine.database import Database
from storage.index.frontier.url_queue import add_urls
from storage.index.fulltext.folder import FulltextFolder
from storage.index.queries.export import load_articles
from storage.index.reader import Reader
from storage.index.rows.interning import LookupTables
from storage.index.rows.site_registry import load_registry
from storage.index.schema.upgrade import empty_tables
from storage.index.search.follower import follow, keep_up_to_date
from storage.index.views.articles import CommitResult
from storage.index.write import replace_readings, revisits, runs
from storage.index.write.commit import commit
from storage.index.write.replace_readings import ReadingChanges, RereadCapture, RereadFilter
from storage.index.write.settle import learn_all, settle
from storage.index.write.sites import register_sites, rename_sites
from storage.model import CrawlRun, DiscoveredUrl, Ingest, RefersTo, Site

P = ParamSpec("P")
T = TypeVar("T")

_FIRST_LEARNING_AFTER = 100
"""New versions after which `commit` learns boilerplate; the next time after four times as many."""
_MAX_LEARNING_INTERVAL = 50_000


class Index(Reader):
    """The SQL index of one archive. Safe to share between threads; one commit runs at a time."""

    def __init__(self, database: Database, search_folder: Path | None = None) -> None:
        super().__init__(database, folder=FulltextFolder(search_folder or database.default_search_folder))
        self._lookups = LookupTables()
        self._uncounted_versions, self._learn_after = 0, _FIRST_LEARNING_AFTER

    @classmethod
    def open(cls, url: str, *, create: bool = True, search_folder: Path | None = None) -> Self:
        """Open the database at an SQLAlchemy URL, and bring its schema up to date.

        The search folder is beside an SQLite file, and temporary for PostgreSQL, unless it is given. IndexTooOld if the
        index was made by an unreleased version.
        """
        return cls(Database.open(url, create=create), search_folder)

    @property
    def is_shared(self) -> bool:
        """True if other machines may use the same index at the same time: PostgreSQL."""
        return self._database.is_postgres

    def close(self) -> None:
        """Close all connections."""
        self.folder.close()
        self._database.close()

    def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the answer of a query without exclusions, for crawls and maintenance."""
        with self._database.read_transaction() as connection:
            return query(connection, *args, **kwargs)

    def write(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a change in a transaction of its own; it is retried after a conflict with another writer."""
        return self._database.write(
            lambda connection: change(connection, *args, **kwargs), on_rollback=self._lookups.clear_cache
        )

    def register_sites(self, sites: Sequence[Site]) -> None:
        """Insert or update sites. Captures that imports filed under their hosts are moved to them."""
        self.write(register_sites, self._lookups, sites)

    def rename_sites(self, names: Mapping[str, str]) -> list[str]:
        """Rename sites, given by former and present name; return the former names of those that the index had."""
        return self.write(rename_sites, self._lookups, names)

    def find_site(self, url: str) -> Site | None:
        """Return the site with the longest host that matches a URL, or None."""
        book = self._lookups.sites
        if not book.sites:
            # Not cached: the writer's registry, in another thread, may have sites that are not committed yet.
            book = self.read(load_registry)
        return book.find_site(url)

    def sites(self) -> tuple[Site, ...]:
        """Return all registered sites by name."""
        return tuple(site.to_site() for site in self.read(load_registry).sites if site.configured)

    def begin_crawl(self, run: CrawlRun) -> None:
        """Record the begin of a run, and its sites as they are configured now; the newest run takes precedence."""
        self.write(runs.begin_crawl, self._lookups, run)

    def commit(self, batch: Sequence[Ingest], plan: VisitPlan) -> CommitResult:
        """Write a batch in one transaction. Captures that were committed before, by record id, are skipped."""
        committed = self.write(commit, self._lookups, batch, plan)
        self._uncounted_versions += committed.versions
        if self._uncounted_versions >= self._learn_after:
            # Early, while few documents have to be rewritten: later ones are written without the boilerplate.
            self._database.analyze()
            learn_all(self.write)
            self._uncounted_versions, self._learn_after = 0, min(self._learn_after * 4, _MAX_LEARNING_INTERVAL)
        return committed

    def is_captured(self, url: str) -> bool:
        """Return True if the cache has a URL as captured. False does not mean that it never was."""
        return self._lookups.is_captured(url)

    def iter_captures_to_reread(self, filters: RereadFilter) -> Iterator[tuple[RereadCapture, ...]]:
        """Yield the captures to be read again, in groups that have to be written together."""
        return replace_readings.iterate_units(self._database.read_transaction, filters)

    def replace_readings(self, batch: Sequence[Ingest], plan: VisitPlan, *, dry_run: bool = False) -> ReadingChanges:
        """Replace the readings of captures in one transaction; a dry run is rolled back."""

        def work(connection: Connection) -> ReadingChanges:
            done = replace_readings.replace_readings(connection, self._lookups, batch, plan, load_articles)
            if dry_run:
                connection.rollback()
                self._lookups.clear_cache()
            return done

        return self.write(work)

    def update_search(self) -> None:
        """Bring the search folder up to date, unless another process is doing so."""
        with self._database.read_transaction() as connection:
            try:
                follow(connection, self.folder)
            except SearchDamaged:
                self.folder.discard()
                follow(connection, self.folder)

    def follow_search(self) -> AbstractContextManager[None]:
        """Keep the search folder up to date in a thread, while the block runs."""
        return keep_up_to_date(self._database, self.folder)

    def delete_captures(self, record_ids: Sequence[str], urls: Sequence[str]) -> None:
        """Delete captures, with everything that only they show, in one transaction."""
        self.write(replace_readings.delete_captures, self._lookups, record_ids, urls)

    def erase_deleted(self) -> str:
        """Remove what was deleted from the disk, with the search folder, which is made anew; see the database's."""
        self.folder.discard()
        self.update_search()
        return self._database.erase_deleted()

    def settle(self) -> tuple[str, ...]:
        """Update what depends on several captures; return the record ids of revisits that are still to be read."""
        self._uncounted_versions = 0
        return settle(self.write)

    def add_urls(self, found: Sequence[DiscoveredUrl]) -> int:
        """Add URLs to the frontier; return how many are new."""
        return self.write(add_urls, self._lookups, found)

    def reset(self) -> None:
        """Empty all tables."""
        self.write(empty_tables)
        self._lookups.clear_cache()

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        """Return the first complete 200 response with a payload, or None."""
        return next((found for found, _ in self.read(revisits.select_originals, payload_digest, limit=1)), None)

    def find_original_by_url(self, url: str) -> RefersTo | None:
        """Return the response with the payload of a URL's newest 200 response, or None."""
        return self.read(revisits.find_original_by_url, url)
