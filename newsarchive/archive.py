"""Archive: the object through which commands, crawls and the browser use an archive."""

import hashlib
import random
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import fields, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from newsarchive.batch.chunks import open_chunk_reader, open_walk
from newsarchive.batch.executor import open_executor
from newsarchive.batch.read_warc import ReadingSettings, build_reading_settings
from newsarchive.bucket.upload import UploadResult, upload_files
from newsarchive.config import toml_file
from newsarchive.config.schema import FILE_NAME, Config, SiteConfig
from newsarchive.config.units import parse_time
from newsarchive.ingest.index_warcs import WarcWalk, settle
from newsarchive.ingest.originals import ArchivedOriginals
from newsarchive.ingest.pipeline import Batching, Ingestor
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.locks.site_locks import lock_sites
from newsarchive.maintenance import rebuild, rfc3161
from newsarchive.maintenance.recover import ImportResult, RecoveryResult, begin_work, import_files, recover
from newsarchive.maintenance.reextract import Reextraction, ReextractResult
from newsarchive.maintenance.takedown import Takedown, TakedownReport
from newsarchive.maintenance.verify import VerifyReport, verify
from newsarchive.maintenance.verify_statements import StatementCheck
from newsarchive.reader_pool.pool import ReaderPool
from newsarchive.schedule.visits import VisitIntervals, planner
from storage.callbacks import ProgressCallback, ignore_progress, utc_now
from storage.errors import ArchiveError, IndexLost, NotFound, StorageError
from storage.index import Filters, Index
from storage.index.conditions.visibility import load_site_names
from storage.index.maintenance.replace_index import prepare_replacement
from storage.index.queries.articles import get_article
from storage.index.schema.upgrade import HEAD
from storage.index.search.facets import search_with_facets
from storage.index.search.results import find_version_ids
from storage.index.views.articles import ArticleView, list_values
from storage.index.views.history import ChangeFilters
from storage.index.write import replace_readings, warc_files
from storage.index_address import sqlite_file
from storage.model import NextVisit, VisitResult
from storage.places import Places
from storage.places.chain import PREFIX, ChainLink, ParsedChain
from storage.places.folder import ensure_machine_id
from storage.places.signing import KEY_FILE, create_key
from storage.warc.tombstones import digest_url, load_takedowns

F = TypeVar("F")

BULK_BATCHING = Batching(max_captures=256, max_delay=10.0, max_in_flight=768)
"""Fewer, larger transactions, for import and rebuild."""


class Archive(AbstractContextManager["Archive"]):
    """A folder with newsarchive.toml, WARC files and their index."""

    def __init__(self, config: Config, index: Index, *, now: Callable[[], datetime] = utc_now) -> None:
        self.config = config
        self.index = index
        self.now = now

    @classmethod
    def init(cls, folder: Path, **known: str) -> Self:
        """Create an archive, and its folder if needed; ConfigError if there is one already.

        If it cannot be opened, for example because the database is unreachable, nothing is left.
        """
        toml_file.create_config_file(folder, **known)
        try:
            archive = cls.open(folder)
        except ArchiveError:
            # Otherwise the next try would find an archive with the settings that did not work.
            (folder / FILE_NAME).unlink()
            raise
        archive.places.chain.append(ChainLink(reason="begun"))
        return archive

    @classmethod
    def open(cls, folder: Path, *, now: Callable[[], datetime] = utc_now) -> Self:
        """Open the archive in a folder; NoArchive, ConfigError, StorageError or IndexFailure if that fails.

        FilesLost if the folder of the WARC files has none of those that the index knows.
        """
        config = toml_file.load_config(folder)
        rebuild.require_warc_files(config.places, config.index)
        with StorageError.replace_os_errors("warc-folder-not-created", warc_folder=config.warc_folder):
            config.warc_folder.mkdir(parents=True, exist_ok=True)
            ensure_machine_id(folder)
        return cls(config, _open_index(config), now=now)

    @classmethod
    def open_to_read(cls, folder: Path) -> Self:
        """Open the archive for reading.

        IndexLost, besides the errors of `open`, if there are WARC files but no index: a new one would be empty.
        """
        config = toml_file.load_config(folder)
        file, places = sqlite_file(config.index), config.places
        if file is not None and not file.exists() and (places.local_files() or places.files()):
            raise IndexLost(place=file, archive=shlex.quote(str(folder)))
        return cls(config, _open_index(config))

    @classmethod
    def rebuild_in(
        cls, folder: Path, progress: ProgressCallback = ignore_progress, *, dask: str | None = None,
        restart: bool = False, forget: bool = False,
    ) -> rebuild.RebuildResult:  # fmt: skip
        """Rebuild the index of the archive in a folder, even if the old index is broken or of a later version.

        An interrupted rebuild is resumed, unless `restart`. CapturesLost if the new index would lack captures that the
        old one knows, unless `forget`. ArchiveBusy if a crawl is running; none can start until the rebuild is done.
        """
        config = toml_file.load_config(folder)
        parameters = {
            "index": hashlib.sha256(config.index.encode()).hexdigest(), "schema": HEAD,
            "reading_settings": build_reading_settings(config, ()).cache_key,
        }  # fmt: skip
        marker = rebuild.ResumeMarker(path=config.folder / rebuild.MARKER, parameters=parameters)
        # A crawl that started meanwhile would write into the index that is being replaced.
        with lock_sites(config, "rebuild"):
            result = rebuild.Rebuild(
                places=config.places,
                url=config.index,
                open_ingestor=lambda index: cls(config, index).bulk(dask),
                marker=marker,
            ).run(progress, restart=restart, forget=forget)
        with closing(_open_index(config)) as index:
            index.update_search()
        return result

    @property
    def folder(self) -> Path:
        """The archive's folder."""
        return self.config.folder

    @property
    def places(self) -> Places:
        """The folder and the bucket of the WARC files."""
        return self.config.places

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def require_sites(self, names: Iterable[str]) -> None:
        """Raise NotFound if a site is named that the archive does not have."""
        known = {*(site.name for site in self.config.sites), *self.index.read(load_site_names).values()}
        if unknown := [name for name in names if name not in known]:
            raise NotFound.create(
                "no-such-site", folder=self.folder, unknown=", ".join(unknown), known=", ".join(sorted(known)) or "none"
            )

    def require_articles(self, name: str, filters: dict[str, Any]) -> None:
        """Raise NotFound if no article has what `filters` select by, which messages call `name`."""
        self.index.update_search()
        if not self.index.ask(find_version_ids, "", Filters(**filters), limit=1):
            value = ", ".join(filters.values())
            facets = {each.name: each for each in self.index.ask(search_with_facets, "", limit=1).facets}
            known = ", ".join(each.name for each in facets[name].values) if name in facets else ""
            advice = f"Most frequent: {known}" if known else "To see what articles have: newsarchive export"
            raise NotFound.create("no-such-value", folder=self.folder, name=name, value=value, advice=advice)

    def build_filters(self, kind: Callable[..., F], prefix: str = "", /, **chosen: Any) -> F:
        """Return filters from values by name, times as text or dates; `prefix` is that of the names in messages.

        ConfigError for an invalid time, NotFound for a site, section, author or tag that no article of the archive has.
        """
        self.require_sites(list_values(chosen["site"]))
        for name in ("section", "author", "tag"):
            if value := chosen.get(name):
                # Changes are filtered by the full name of an author.
                self.require_articles(name, {"byline" if name == "author" and kind is ChangeFilters else name: value})
        times = {
            name: parse_time(chosen[name], f"{prefix}{name}", is_end=name == "until") for name in ("since", "until")
        }
        return kind(**chosen | times)

    def article(self, article_id: int) -> ArticleView | None:
        """Return one article with its history, or None."""
        return self.index.ask(get_article, article_id)

    def plan(self) -> Callable[[VisitResult], NextVisit]:
        """Return the function that schedules the next visit of a URL, by this archive's settings."""
        return planner(self.get_intervals(), {site.name: self.get_intervals(site) for site in self.config.sites})

    def get_intervals(self, site: SiteConfig | None = None) -> VisitIntervals:
        """Return the bounds of the schedule, by the settings of the archive, or of a site where it has its own."""
        own = {each.name: getattr(site, each.name, None) for each in fields(VisitIntervals)}
        bounds = {name: getattr(self.config, name) if value is None else value for name, value in own.items()}
        return VisitIntervals(**bounds)

    @contextmanager
    def ingestor(
        self, sync: Callable[[], None] = lambda: None, *, batching: Batching | None = None,
        workers: int | None = None, at_once: bool = False,
    ) -> Iterator[Ingestor]:  # fmt: skip
        """Open the ingestor with its reader processes; at the end everything is committed.

        The processes start with the first page, or with `at_once` immediately. `sync` syncs the WARC file that is being
        written, if any. Raises the writer's error, such as DiskFull.
        """
        config = self.config
        count = config.reader_processes if workers is None else workers
        with ReaderPool(count, timeout=config.read_timeout.total_seconds(), limit=config.read_limit) as readers:
            if at_once:
                readers.start()
            ingestor = Ingestor(
                self.index, readers, plan=self.plan(), originals=ArchivedOriginals(self.index, self.places), sync=sync,
                batching=batching or Batching(max_captures=config.commit_every, max_delay=config.commit_seconds),
                layouts=SiteLayouts(config.sites), former_names=config.former_names,
                taken_down=load_takedowns(config.folder, self.places),
                unwatched=config.unwatched,
            )  # fmt: skip
            try:
                yield ingestor
            finally:
                ingestor.close()
        if ingestor.failure:
            raise ingestor.failure

    @contextmanager
    def bulk(self, dask: str | None = None) -> Iterator[tuple[Ingestor, WarcWalk]]:
        """Open an ingestor for many files, and the walk that reads them."""
        load_takedowns(self.folder, self.places, restores=True)
        with (
            open_walk(dask, self._reading_settings) as walk,
            self.ingestor(batching=BULK_BATCHING, at_once=dask is None) as ingestor,
        ):
            yield ingestor, walk

    def _reading_settings(self) -> ReadingSettings:
        return build_reading_settings(self.config, self.index.sites())

    def recover(self, ingestor: Ingestor, progress: ProgressCallback = ignore_progress) -> RecoveryResult:
        """Repair open files, restore the list of takedowns, and index what the index lacks."""
        load_takedowns(self.folder, self.places, restores=True)
        return recover(self.places, ingestor, progress)

    def import_files(
        self, paths: Sequence[Path], progress: ProgressCallback = ignore_progress, *, dask: str | None = None
    ) -> ImportResult:
        """Import WARC files that any tool made."""
        with self.bulk(dask) as (ingestor, walk):
            recovered = recover(self.places, ingestor, progress, walk)
            imported = import_files(paths, self.places, ingestor, progress, walk)
        problems = recovered.problems + imported.read.problems
        self.index.update_search()
        return replace(imported, recovered=recovered, read=replace(imported.read, problems=problems))

    def reextract(
        self, wanted: replace_readings.RereadFilter, *, dry_run: bool = False, workers: int | None = None,
        named: int = 20, progress: ProgressCallback = ignore_progress, dask: str | None = None,
    ) -> ReextractResult:  # fmt: skip
        """Read stored captures again; up to `named` changes are listed, and a dry run changes nothing.

        NotFound if a site is not in the archive. ArchiveBusy if a crawl is running; none can start until it is done.
        """
        self.require_sites(wanted.sites or ())
        with lock_sites(self.config, "reextract"), self.ingestor(batching=BULK_BATCHING, workers=workers) as ingestor:
            problems = () if dry_run else self.recover(ingestor).problems
            rebuild.require_no_writer(self.places.local_files(), "reextract")
            requesting = self.index.read(replace_readings.list_requesting_sites)
            layouts = SiteLayouts(self.config.sites)
            wanted = replace(wanted, by_site={n: each for n in requesting if (each := layouts.extractor_version(n))})
            settings = self._reading_settings()
            with open_chunk_reader(dask, settings, self.places, ingestor.readers) as read_chunks:
                reextraction = Reextraction(
                    index=self.index, ingestor=ingestor, places=self.places, plan=self.plan(), read_chunks=read_chunks
                )
                result = reextraction.run(wanted, dry_run=dry_run, named=named, progress=progress)
            result.problems[:0] = problems
            if not dry_run:
                settle(self.places, ingestor)
        if not dry_run:
            self.index.update_search()
        return result

    def takedown(
        self, urls: Sequence[str], reason: str, progress: ProgressCallback = ignore_progress, *, dry_run: bool,
        listings: bool = False,
    ) -> list[TakedownReport]:  # fmt: skip
        """Remove articles for good; first complete a takedown that was interrupted. A dry run only plans.

        With `listings` captures of front pages, feeds and sitemaps that name them go too.

        ArchiveBusy if a crawl is running.
        """
        work = Takedown(folder=self.folder, places=self.places, index=self.index, progress=progress)
        with lock_sites(self.config, "takedown"):
            if dry_run:
                plan = work.make_plan(urls, reason, self.now(), listings=listings)
                return [TakedownReport(plan=plan, records=plan.records)]
            begin_work(self.places, self.index)
            rebuild.require_no_writer(self.places.local_files(), "takedown")
            if self.index.is_shared and (self.folder / rebuild.MARKER).exists():
                prepare_replacement(self.config.index).clear()  # what an interrupted rebuild left has the articles, too
            interrupted = work.load_plan()
            reports = [work.run(interrupted)] if interrupted else []
            done = {digest_url(url) for report in reports for url in report.plan.urls}
            if left := [url for url in urls if digest_url(url) not in done]:
                reports.append(work.run(work.make_plan(left, reason, self.now(), listings=listings)))
        return reports

    def seal(self, *, new_key: bool = False, machine: str = "") -> ParsedChain:
        """Return the chain, whose head may be noted elsewhere; with `new_key`, first replace the archive's key.

        With the id of another `machine`, first link its chain as one of this archive: one that has no breaks.
        """
        begin_work(self.places, self.index)
        if machine:
            own, name = self.places.chain.path.name, PREFIX + machine
            chains = {each.name: each for each in self.places.load_chains() if each.links and each.name != own}
            if name not in chains:
                raise NotFound.create(
                    "no-such-chain", folder=self.places.folder, name=name, chains=", ".join(chains) or "none"
                )
            if breaks := chains[name].breaks:
                raise StorageError(f"{name} is not vouched for: {breaks[0]}. Next, run: newsarchive verify")
            self.places.chain.append(ChainLink(reason="machine", heads={name: chains[name].head}))
        if new_key:
            create_key(self.folder / KEY_FILE)
        self.places.chain.append()
        return self.places.chain.load()

    def upload(self, progress: ProgressCallback = ignore_progress) -> UploadResult:
        """Upload closed WARC files, and delete local copies whose time in the folder is over.

        Errors are reported in the result; the next upload tries these files again.
        """
        load_digests = partial(self.index.read, warc_files.load_warc_digests)
        return upload_files(self.places, load_digests, keep=self.config.keep_local, now=utc_now(), progress=progress)

    def verify(
        self, *, repair: bool = False, progress: ProgressCallback = ignore_progress, dask: str | None = None,
        deep: bool = False, head: str = "", chance: random.Random | None = None,
    ) -> VerifyReport:  # fmt: skip
        """Check every WARC file, and compare the index with them; with `repair`, first repair files left open.

        Then what the index says of a sample of articles (drawn by `chance`) is compared with their records, or with
        `deep` what it says of all. `head` is a head of the chain that was noted elsewhere: all files are compared
        with it.
        """
        proofs, invalid = rfc3161.load_proofs(self.config, head)
        with open_executor(dask) as executor:
            report = verify(self.places, self.index, executor, progress, repair=repair, proofs=proofs)
        check = StatementCheck(
            places=self.places,
            index=self.index,
            open_ingestor=lambda index: type(self)(self.config, index).ingestor(batching=BULK_BATCHING, at_once=True),
        )
        statements = check.run(deep=deep, chance=chance or random.SystemRandom(), progress=progress)
        chain = replace(report.chain, problems=(*invalid, *report.chain.problems))
        return replace(report, statements=statements, chain=chain)


def _open_index(config: Config) -> Index:
    return Index.open(config.index, search_folder=config.search_folder)
