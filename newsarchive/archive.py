"""Archive: the one object that commands, crawls and the browser talk to."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from newsarchive.batch.again import reading_again
from newsarchive.batch.ahead import walking
from newsarchive.batch.checked import checked
from newsarchive.batch.executor import HERE, Where, hands
from newsarchive.batch.terms import Terms, terms_of
from newsarchive.bucket.upload import Tell, Upload, Uploaded, untold
from newsarchive.config import toml_file
from newsarchive.config.schema import FILE_NAME, Config
from newsarchive.ingest.index_warcs import ReadBack, Report, Walk, quiet, settle
from newsarchive.ingest.originals import ArchivedOriginals
from newsarchive.ingest.pipeline import Batching, Ingestor
from newsarchive.ingest.site_layouts import SiteLayouts
from newsarchive.locks.site_locks import held
from newsarchive.maintenance.importing import Imported, import_files
from newsarchive.maintenance.rebuild import Mark, Rebuild
from newsarchive.maintenance.recover import Recovered, recover
from newsarchive.maintenance.reextract import Reextracted, Rereading, Step, no_steps, nobody_writes
from newsarchive.maintenance.verify import Verified, VerifyReport, unheard, verify
from newsarchive.reader_pool.pool import Readers
from newsarchive.schedule import Rhythm, planner
from storage.errors import ArchiveError, IndexLost, StorageError
from storage.index import Filters, Index
from storage.index.views.articles import EVERYTHING, ArticleView, SearchPage, VersionView
from storage.index.views.status import Status
from storage.index.write.replace_readings import Wanted
from storage.model import NextLook, RecordPlace, Seen
from storage.places import Places

Sync = Callable[[], None]

SQLITE = "sqlite:///"
"""What the URL of an index in a file begins with."""
IN_BULK = Batching(every=256, seconds=10.0, in_flight=768)
"""For import and rebuild, where nobody waits for a single page: fewer, larger transactions."""


def utc_now() -> datetime:
    """Return the time, aware and UTC."""
    return datetime.now(UTC)


def no_sync() -> None:
    """Nothing is being written, so nothing has to reach the disk first."""


class Archive:
    """A folder with newsarchive.toml, WARC files and their index."""

    def __init__(self, config: Config, index: Index, *, now: Callable[[], datetime] = utc_now) -> None:
        self.config = config
        self.index = index
        self.now = now

    @classmethod
    def init(cls, folder: Path, **known: str) -> Self:
        """Make an archive in a folder, which is made too; ConfigError where there is one already.

        Where it cannot be opened, as with an index that is not to be had, `open` says why, and no archive is there.
        """
        toml_file.create(folder, **known)
        try:
            return cls.open(folder)
        except ArchiveError:
            # The next try would find an archive there already, and its settings are those that did not work.
            (folder / FILE_NAME).unlink()
            raise

    @classmethod
    def open(cls, folder: Path, *, now: Callable[[], datetime] = utc_now) -> Self:
        """Open the archive in a folder; NoArchive, ConfigError or IndexFailure where that cannot be done."""
        config = _prepared(folder)
        return cls(config, Index.open(index_url(config)), now=now)

    @classmethod
    def open_to_read(cls, folder: Path) -> Self:
        """Open the archive for those who only ask it.

        Also IndexLost, where an empty index would answer for a full archive; a crawl or import takes the files up.
        """
        config = _prepared(folder)
        place = index_url(config)
        file = Path(place.removeprefix(SQLITE))
        if place.startswith(SQLITE) and not file.exists() and not config.places.are_empty():
            raise IndexLost(str(file), str(folder))
        return cls.open(folder)

    @classmethod
    def rebuild_in(
        cls, folder: Path, report: Report = quiet, *, where: Where = HERE, afresh: bool = False, forget: bool = False
    ) -> ReadBack:
        """Make the index of the archive in a folder anew, whatever the old one is: torn, or of a later version.

        One that was broken off is gone on with, unless `afresh`. `forget` what other machines have and this one lacks.
        """
        return cls._rebuilt(_prepared(folder), report, where, afresh=afresh, forget=forget)

    @classmethod
    def _rebuilt(cls, config: Config, report: Report, where: Where, *, afresh: bool, forget: bool = False) -> ReadBack:
        def into(index: Index) -> AbstractContextManager[tuple[Ingestor, Walk]]:
            return cls(config, index).bulk(where)

        url = index_url(config)
        said = {"index": hashlib.sha256(url.encode()).hexdigest(), "terms": terms_of(config, ()).key}
        mark = Mark(path=config.folder / "rebuild.json", said=said, now=utc_now)
        # A crawl that began meanwhile would write into the index that is about to be replaced.
        with _alone_at(config, "rebuild"):
            return Rebuild(places=config.places, url=url, into=into, mark=mark).run(
                report, afresh=afresh, forget=forget
            )

    @property
    def folder(self) -> Path:
        """The archive's own folder."""
        return self.config.folder

    @property
    def warc_folder(self) -> Path:
        """Where WARC files are written; closed ones may lie elsewhere too: `places` has all."""
        return self.config.warc_folder

    @property
    def places(self) -> Places:
        """Where the WARC files are, here and in the bucket."""
        return self.config.places

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def search(
        self,
        text: str,
        filters: Filters = EVERYTHING,
        *,
        limit: int = 20,
        offset: int = 0,
        order: Literal["newest", "rank"] = "newest",
    ) -> SearchPage:
        """Find articles; docs/search.md says how a query is written."""
        return self.index.search(text, filters, limit=limit, offset=offset, order=order)

    def article(self, article_id: int) -> ArticleView | None:
        """Return one article with its history, or None."""
        return self.index.article(article_id)

    def version(self, version_id: int) -> VersionView | None:
        """Return one version whole, or None."""
        return self.index.version(version_id)

    def export(self, filters: Filters = EVERYTHING, *, all_versions: bool = False) -> Iterator[dict[str, Any]]:
        """Yield one line an article (or version), as docs/export.md describes it."""
        return self.index.export(filters, all_versions=all_versions)

    def status(self) -> Status:
        """Return what the archive holds, site by site."""
        return self.index.status(self.now())

    def plan(self) -> Callable[[Seen], NextLook]:
        """Return when to look again, by this archive's settings."""
        config = self.config
        return planner(
            Rhythm(
                recheck=config.recheck,
                promptness=config.promptness,
                source_interval=config.source_interval,
                listing_interval=config.listing_interval,
                source_longest=config.source_longest,
                listing_longest=config.listing_longest,
                archive_interval=config.archive_interval,
                max_failures=config.max_failures,
            )
        )

    @contextmanager
    def ingestor(
        self,
        sync: Sync = no_sync,
        *,
        index: Index | None = None,
        batching: Batching | None = None,
        workers: int | None = None,
        at_once: bool = False,
    ) -> Iterator[Ingestor]:
        """Open the one way into the index, with its worker processes; at the end all is committed.

        These start with the first page, or at once.

        Raises what stopped the writer, such as a full disk.
        """
        config = self.config
        into = index or self.index
        count = config.workers if workers is None else workers
        with Readers(count, timeout=config.read_timeout.total_seconds(), limit=config.read_limit) as readers:
            if at_once:
                readers.begin()
            ingestor = Ingestor(
                into,
                readers,
                plan=self.plan(),
                originals=ArchivedOriginals(into, self.places),
                sync=sync,
                batching=batching or Batching(every=config.commit_every, seconds=config.commit_seconds),
                layouts=SiteLayouts(config.sites),
            )
            try:
                yield ingestor
            finally:
                ingestor.close()
        if ingestor.failure:
            raise ingestor.failure

    @contextmanager
    def bulk(self, where: Where = HERE) -> Iterator[tuple[Ingestor, Walk]]:
        """Open the way into the index for many files, which are read there."""
        here = where.dask is None
        with (
            walking(where, self.scratch, self._terms) as walk,
            self.ingestor(batching=IN_BULK, at_once=here) as ingestor,
        ):
            yield ingestor, walk

    @property
    def scratch(self) -> Path:
        """Where what others have read waits to be written into the index."""
        return self.folder / "batch"

    def _terms(self) -> Terms:
        return terms_of(self.config, self.index.sites())

    def recover(self, ingestor: Ingestor, report: Report = quiet) -> Recovered:
        """Mend what a crash left, and index what the files hold beyond the index."""
        return recover(self.places, self.index, ingestor, report)

    def settle(self, ingestor: Ingestor) -> None:
        """Commit what is under way and learn from all of it: boilerplate, originals of revisits."""
        settle(self.places, self.index, ingestor)

    def import_files(self, paths: Sequence[Path], report: Report = quiet, *, where: Where = HERE) -> Imported:
        """Take WARC files made by anything into the archive."""
        with self.bulk(where) as (ingestor, walk):
            before = recover(self.places, self.index, ingestor, report, walk).problems
            imported = import_files(paths, self.places, self.index, ingestor, report, walk)
        return replace(imported, read=replace(imported.read, problems=before + imported.read.problems))

    def rebuild(self, report: Report = quiet, *, where: Where = HERE, afresh: bool = False) -> ReadBack:
        """Make the index anew from the WARC files alone (law 1); this object goes on with the new one.

        ArchiveBusy where a crawl is under way; none can begin until it is done.
        """
        self.index.close()
        try:
            return self._rebuilt(self.config, report, where, afresh=afresh)
        finally:
            self.index = Index.open(index_url(self.config))

    def reextract(
        self,
        wanted: Wanted,
        *,
        dry_run: bool = False,
        workers: int | None = None,
        named: int = 20,
        report: Step = no_steps,
        where: Where = HERE,
    ) -> Reextracted:
        """Read stored captures again; up to `named` changes are named, and a dry run tells what would change.

        ArchiveBusy where a crawl is under way; none can begin until it is done.
        """
        with (
            _alone_at(self.config, "reextract"),
            self.ingestor(batching=IN_BULK, workers=workers) as ingestor,
        ):
            problems = () if dry_run else self.recover(ingestor).problems
            nobody_writes(self.places)
            wanted = replace(wanted, by_site=SiteLayouts(self.config.sites).extractors(self.index.asked_for()))
            with reading_again(where, self.scratch, self._terms(), self.places, self._held(wanted), report) as again:
                rereading = Rereading(
                    index=self.index, ingestor=ingestor, places=self.places, plan=self.plan(), again=again
                )
                result = rereading.run(wanted, dry_run=dry_run, named=named, report=report)
            result.problems[:0] = problems
            if not dry_run:
                self.settle(ingestor)
        return result

    def _held(self, wanted: Wanted) -> Iterator[RecordPlace]:
        return (held.place for unit in self.index.to_read_again(wanted) for held in unit)

    def upload(self, tell: Tell = untold) -> Uploaded:
        """Bring closed WARC files into the bucket, and free those whose time in the folder is over.

        What a bucket or disk refuses is told in the result: the files stay, and the next time they are tried again.
        """
        keep = self.config.keep_local
        return Upload(places=self.places, digests=self.index.warc_digests, keep=keep, now=utc_now()).run(tell)

    def verify(
        self,
        *,
        repair: bool = False,
        report: Callable[[Verified], None] = unheard,
        where: Where = HERE,
        afresh: bool = False,
    ) -> VerifyReport:
        """Check every WARC file, and that the index agrees with them; `repair` mends torn tails first.

        One that was broken off within a day is gone on with, unless `afresh`.
        """
        with hands(where) as own, checked(self.scratch / "checked", self.now, afresh=afresh) as before:
            return verify(self.places, self.index, own, before, report, repair=repair)


def _prepared(folder: Path) -> Config:
    """Read the settings of the archive in a folder, and see to it that the folder of its WARC files is there."""
    config = toml_file.load(folder)
    try:
        config.warc_folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StorageError(
            f"{config.warc_folder} cannot be made ({problem.strerror}); nothing was archived. "
            "Check the folder's owner and the disk: newsarchive doctor"
        ) from problem
    return config


def _alone_at(config: Config, work: str) -> AbstractContextManager[object]:
    """Hold the whole archive: nobody crawls meanwhile, on this machine or another."""
    names = [site.name for site in config.sites]
    return held(config.folder / "locks", config.index, names, utc_now(), work, whole=True)


def index_url(config: Config) -> str:
    """Return the SQLAlchemy URL of an archive's index."""
    return config.index or f"sqlite:///{config.folder / 'index.sqlite3'}"
