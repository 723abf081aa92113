"""The SQL index: one object for all who read or write it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from storage.index.engine.database import AnySelect, Database
from storage.index.engine.glance import Glance, NoGlance
from storage.index.frontier import host_state
from storage.index.frontier.url_queue import add_due, due, next_due_at, next_due_of, put_off
from storage.index.queries.addresses import addresses_read
from storage.index.reader import Reader
from storage.index.rows.interning import Names
from storage.index.rows.site_book import load_book
from storage.index.views.articles import Committed, Settled
from storage.index.write import replace_readings, runs
from storage.index.write.commit import commit
from storage.index.write.settle import learn_all, settle
from storage.model import BACKFILL, CrawlRun, Due, Found, Ingest, NextLook, Outcome, RefersTo, Seen, Site

T = TypeVar("T")

FIRST_LEARNT_AFTER = 100
"""New versions after which boilerplate is learnt without `settle` having been called; four times as many next time."""
LEARN_AT_LEAST_EVERY = 50_000


class Index(Reader):
    """The SQL index of one archive. Safe to share between threads; one commit runs at a time."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._names = Names()
        self._glance = Glance(database.engine)
        self._unlearnt, self._learn_after = 0, FIRST_LEARNT_AFTER

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the database at an SQLAlchemy URL, its schema brought up to date."""
        return cls(Database.open(url, create=create))

    @property
    def is_shared(self) -> bool:
        """True where other machines may have the same index open, which one in a file is not made for."""
        return self._database.is_postgres

    def close(self) -> None:
        """Let go of all connections."""
        self._glance.close()
        self._database.close()

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._database.write(work, undone=self._names.forget)

    def register_sites(self, sites: Sequence[Site]) -> None:
        """Make sites known, or known better; what imports had filed under their hosts moves to them."""
        self._write(lambda connection: runs.register_sites(connection, self._names, sites))

    def site_for(self, url: str) -> Site | None:
        """The site whose host is the longest match, or None."""
        book = self._names.book
        if not book.sites:
            # Not kept: the writer, in another thread, may have a book that knows of sites not committed yet.
            with self._database.reading() as connection:
                book = load_book(connection)
        return book.model_for(url)

    def sites(self) -> tuple[Site, ...]:
        """All registered sites, by name."""
        with self._database.reading() as connection:
            return tuple(site.as_model() for site in load_book(connection).sites if site.configured)

    def begin_crawl(self, run: CrawlRun) -> None:
        """Note a run's begin, and its sites as they were configured then (the newest run's word counts)."""
        self._write(lambda connection: runs.begin_crawl(connection, self._names, run))

    def end_crawl(self, run: CrawlRun) -> None:
        """Note a run's end."""
        self._write(lambda connection: runs.end_crawl(connection, run))

    def warc_opened(self, name: str, run_id: str | None = None) -> None:
        """Note a WARC file that is being written."""
        self._write(lambda connection: runs.warc_opened(connection, name, run_id))

    def warc_closed(self, file: runs.Closed, run_id: str | None = None) -> None:
        """Note a WARC file that is whole."""
        self._write(lambda connection: runs.warc_closed(connection, file, run_id))

    def commit(self, batch: Sequence[Ingest], plan: Callable[[Seen], NextLook]) -> Committed:
        """Write all of a batch in one transaction. What was committed before is skipped, by record id."""
        committed = self._write(lambda connection: commit(connection, self._names, batch, plan))
        self._unlearnt += committed.versions
        if self._unlearnt >= self._learn_after:
            # Early, while there is little to write anew: what is learnt now, later articles are searched without.
            self._database.analyze()
            learn_all(self._write)
            self._unlearnt, self._learn_after = 0, min(self._learn_after * 4, LEARN_AT_LEAST_EVERY)
        return committed

    def is_captured(self, url: str) -> bool:
        """Whether a URL is remembered as captured; one that is not may have been, long ago."""
        return self._names.is_captured(url)

    def count_to_read_again(self, wanted: replace_readings.Wanted) -> int:
        """How many captures are to be read again."""
        with self._database.reading() as connection:
            return replace_readings.count(connection, wanted)

    def asked_for(self) -> list[str]:
        """Names of all sites on whose behalf captures were made; hosts where they were made for none."""
        with self._database.reading() as connection:
            return replace_readings.asked_for(connection)

    def unknown_sites(self, names: Sequence[str]) -> list[str]:
        """Those of the names that no site has."""
        with self._database.reading() as connection:
            return replace_readings.unknown_sites(connection, names)

    def to_read_again(self, wanted: replace_readings.Wanted) -> Iterator[tuple[replace_readings.Held, ...]]:
        """Captures that are to be read again, those together that have to be written together."""
        return replace_readings.units(self._database.reading, wanted)

    def read_again(
        self, batch: Sequence[Ingest], plan: Callable[[Seen], NextLook], *, dry_run: bool = False
    ) -> replace_readings.Reread:
        """Let captures say what they say now, in one transaction; a dry run leaves no trace."""

        def work(connection: Connection) -> replace_readings.Reread:
            done = replace_readings.read_again(connection, self._names, batch, plan)
            if dry_run:
                connection.rollback()
                self._names.forget()
            return done

        return self._write(work)

    def addresses_read(self, site: str, *, limit: int = 5000) -> list[tuple[str, Outcome]]:
        """Addresses of a site's pages, each once, and what the newest capture of each was taken for."""
        with self._database.reading() as connection:
            return addresses_read(connection, site, limit=limit)

    def settle(self) -> Settled:
        """Draw the conclusions that need more than one capture: originals, boilerplate, search refreshed."""
        self._unlearnt = 0
        return settle(self._write)

    def add_due(self, found: Sequence[Found]) -> int:
        """Put URLs into the frontier that are not there; returns how many."""
        return self._write(lambda connection: add_due(connection, self._names, found))

    def due(  # noqa: PLR0913 - each narrows the question
        self,
        now: datetime,
        *,
        sites: Sequence[str],
        limit: int,
        per_host: int,
        exclude: Collection[int] = (),
        full: Collection[tuple[str, str]] = (),
        deepest: int = BACKFILL - 1,
    ) -> list[Due]:
        """What may be fetched now, lowest priority number first, then longest due; at most `per_host` of one host.

        Hosts that are `full`, by site and name, are left out.
        What waits for a backfill is left out, unless `deepest`, the highest priority number, lets it in.
        """
        with self._database.reading() as connection:
            return due(
                connection, now, sites=sites, limit=limit, per_host=per_host, exclude=exclude, full=full,
                deepest=deepest,
            )  # fmt: skip

    def put_off(self, until: Mapping[int, datetime | None]) -> None:
        """Move URLs, by their ids, to another moment without a capture of them; None: not again."""
        self._write(lambda connection: put_off(connection, until))

    def next_due_at(self, sites: Sequence[str]) -> datetime | None:
        """When the next URL of these sites becomes due; None where nothing is scheduled."""
        with self._database.reading() as connection:
            return next_due_at(connection, sites)

    def next_due_of(self, sites: Sequence[str]) -> dict[str, datetime]:
        """When the next URL of each site becomes due; sites of which nothing is scheduled are left out."""
        with self._database.reading() as connection:
            return next_due_of(connection, sites)

    def hosts(self) -> tuple[host_state.HostMemory, ...]:
        """Hosts that asked for patience or gave no answer, by name."""
        with self._database.reading() as connection:
            return host_state.hosts(connection)

    def note_hosts(self, noted: Mapping[str, host_state.HostMemory | None], now: datetime) -> None:
        """Remember hosts; None: there is nothing to remember of it any more."""
        self._write(lambda connection: host_state.note_hosts(connection, noted, now))

    def families(self, sites: Collection[str] | None = None) -> tuple[host_state.Family, ...]:
        """Families of URLs whose last captures brought nothing new, the most barren first."""
        with self._database.reading() as connection:
            return host_state.families(connection, sites)

    def note_families(self, noted: Mapping[tuple[str, str], host_state.Family | None]) -> None:
        """Write what was counted of families, by site and family; None: it has brought something new."""
        self._write(lambda connection: host_state.note_families(connection, noted))

    def newest_capture(self) -> int:
        """Id of the capture that came in last; 0 where there is none."""
        with self._database.reading() as connection:
            return host_state.newest_capture(connection)

    def yields_since(self, capture_id: int, sites: Collection[str]) -> tuple[host_state.Yield, ...]:
        """What pages brought that were captured for the first time after a capture, in that order."""
        with self._database.reading() as connection:
            return host_state.yields_since(connection, capture_id, sites)

    def mend_clock(self, now: datetime) -> int:
        """Have what a run planned whose clock was ahead be due now; returns how many URLs that are."""
        return self._write(lambda connection: host_state.mend_clock(connection, now))

    def never_captured(self, site: str, now: datetime) -> list[tuple[int, str]]:
        """URLs of a site, with their ids, that were never captured and are not due now."""
        with self._database.reading() as connection:
            return host_state.never_captured(connection, site, now)

    def make_due(self, url_ids: Collection[int], now: datetime) -> None:
        """Have URLs be due now."""
        self._write(lambda connection: host_state.make_due(connection, url_ids, now))

    def indexed_to(self, warc: str) -> int:
        """Offset behind the last record of that file that is indexed; 0 where none is."""
        with self._database.reading() as connection:
            return runs.indexed_to(connection, warc)

    def warc_digests(self) -> dict[str, str]:
        """The sha256 of each closed WARC file, 64 hexadecimal digits, by name."""
        with self._database.reading() as connection:
            return runs.warc_digests(connection)

    def reset(self) -> None:
        """Empty everything that a rebuild makes anew: all tables."""
        self._write(lambda connection: runs.reset(connection, self._names))

    def by_digest(self, payload_digest: str) -> RefersTo | None:
        """The first whole 200 response with that payload."""
        return self._original(*runs.by_digest(payload_digest))

    def all_by_digest(self, payload_digest: str, *, limit: int = 50) -> list[tuple[RefersTo, str]]:
        """Whole 200 responses with that payload, the first ones first, each with the name of its WARC file."""
        with self._database.reading() as connection:
            return runs.all_by_digest(connection, payload_digest, limit)

    def by_url(self, url: str) -> RefersTo | None:
        """The response that holds what the newest 200 answer of that URL showed."""
        return self._original(*runs.by_url(url))

    def _original(self, asked: AnySelect, values: dict[str, Any]) -> RefersTo | None:
        try:
            row: Sequence[Any] | None = self._glance.first(asked, values)
        except NoGlance:
            with self._database.reading() as connection:
                row = connection.execute(asked, values).first()
        return runs.refers_to(row) if row else None
