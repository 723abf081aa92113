"""Verify what the index says: read captures again into an index of their own, and compare.

articles --> their captures --> records of the WARC files --> the one path of crawl and rebuild --> compared
"""

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from newsarchive.ingest.index_warcs import WarcRange, index_warcs, register_runs, settle, submit_capture
from newsarchive.ingest.pipeline import Ingestor
from storage.article_fields import format_time
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import FileMissing, WarcError
from storage.index import Index
from storage.index.frontier.host_state import newest_capture_id
from storage.index.maintenance import statements
from storage.index.queries.articles import get_capture, get_capture_of_record, iter_captures
from storage.index.views.articles import CaptureView
from storage.index_address import sqlite_address
from storage.places import Places, WarcFile

SAMPLE = 100
"""Articles that are compared unless all are."""
MAX_FIELDS = 5
"""Fields that are named of one article."""
_VALUE_LENGTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseStatement:
    """An article, capture, site, source or day of which the index says something else than the records."""

    article_id: int | None
    """None unless it is an article of the index."""
    url: str
    """URL of the article or capture, or the name of what else it is."""
    what: tuple[str, ...]
    """Fields with both values; the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReport:
    """The result of comparing articles with their records."""

    total: int
    """Articles of the index."""
    compared: int = 0
    outdated: int = 0
    """Articles that another version of the extractor had read."""
    unread: int = 0
    """Articles that have records which cannot be read here."""
    changed: int = 0
    """Articles that a crawl changed meanwhile."""
    problems: tuple[FalseStatement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCheck:
    """One check of an archive's statements."""

    places: Places
    index: Index
    open_ingestor: Callable[[Index], AbstractContextManager[Ingestor]]

    def run(
        self, *, deep: bool, chance: random.Random, progress: ProgressCallback = ignore_progress
    ) -> StatementReport:
        """Compare a sample of the articles with their records, or with `deep` all of them and all that they hold."""
        last_id = self.index.read(newest_capture_id)
        files = [file for file in self.places.files() if not (deep and file.is_open)]
        ids = self.index.read(statements.list_article_ids)
        total = len(ids)
        # In the system's folder of temporary files: the archive may be read-only.
        with (
            tempfile.TemporaryDirectory(prefix="newsarchive-verify-") as folder,
            closing(Index.open(sqlite_address(Path(folder) / "index.sqlite3"))) as scratch,
        ):
            captures: Iterable[CaptureView] = self.index.stream(iter_captures, order="oldest")
            if deep:
                with self.open_ingestor(scratch) as ingestor:
                    index_warcs([WarcRange(file=file) for file in files], self.places, ingestor, progress)
                said: Iterable[statements.Statement] = self._iter_statements(ids)
            else:
                ids = sorted(chance.sample(ids, min(SAMPLE, total)))
                said = list(self._iter_statements(ids))
                shown = (each for article, _ in said for each in article.captures)
                captures = [each for each in shown if each.outcome in statements.BY_ITS_OWN_RECORD]
                with self.open_ingestor(scratch) as ingestor:
                    self._read_captures(ingestor, files, captures)
            counts = dict.fromkeys(("compared", "outdated", "unread", "changed"), 0)
            problems, unread = list[FalseStatement](), set[int | None]()
            for number, statement in enumerate(said, 1):
                progress(number, len(ids), statement[0].url)
                outcome, found = "changed", None
                if all(each.id <= last_id for each in statement[0].captures):
                    outcome, found = self._compare(statement, scratch, files, deep=deep)
                counts[outcome] += 1
                if outcome == "unread":
                    unread.add(statement[0].id)
                problems += [found] if found else []
            # What a redirect shows is told by other records, which may be those that cannot be read.
            rest = (each for each in captures if each.article_id not in unread)
            problems += self._compare_captures(scratch, rest, last_id, deep=deep and not unread)
        return StatementReport(total=total, problems=tuple(problems), **counts)

    def _iter_statements(self, ids: Iterable[int]) -> Iterator[statements.Statement]:
        return (said for each in ids if (said := self.index.ask(statements.load_statement, each)) is not None)

    def _read_captures(self, ingestor: Ingestor, files: Sequence[WarcFile], captures: Iterable[CaptureView]) -> None:
        """Index captures, and the originals of revisits. Those that cannot be read are missing afterwards."""
        register_runs([WarcRange(file=file) for file in files], ingestor)
        places: set[tuple[str, int]] = set()
        for each in captures:
            capture: CaptureView | None = each
            while capture is not None and (place := (capture.place.warc, capture.place.offset)) not in places:
                places.add(place)
                capture = self.index.ask(get_capture, capture.refers_to_id or 0)
        for warc, offset in sorted(places):
            with suppress(WarcError, OSError, FileMissing):
                submit_capture(WarcRange(file=self.places.file(warc), start=offset), ingestor)
        settle(self.places, ingestor)

    def _compare(
        self, said: statements.Statement, scratch: Index, files: Sequence[WarcFile], *, deep: bool
    ) -> tuple[str, FalseStatement | None]:
        article, here = said[0], {file.name for file in files}
        shown_by = (each.record_id for each in article.captures if each.article_id == article.id)
        again = [scratch.ask(get_capture_of_record, record_id) for record_id in shown_by]
        article_id = next((each.article_id for each in again if each and each.article_id is not None), None)
        read = None if article_id is None else scratch.ask(statements.load_statement, article_id)
        if any(each.place.warc not in here for each in article.captures) or None in again:
            return "unread", None
        if read is None:
            what = ("its records show no article",)
            return "compared", FalseStatement(article_id=article.id, url=article.url, what=what)
        if not said[1].pop("extractors") <= read[1].pop("extractors"):
            return "outdated", None
        different = statements.find_differences(said, read, whole=deep)
        return "compared", next(_name_differences(article.id, article.url, different), None)

    def _compare_captures(
        self, scratch: Index, captures: Iterable[CaptureView], last_id: int, *, deep: bool
    ) -> Iterator[FalseStatement]:
        """Yield captures, or if all are read also sites, of which the index says something else than the records."""
        is_whole = deep
        for capture in captures:
            again = scratch.ask(get_capture_of_record, capture.record_id)
            if again is None or capture.id > last_id:
                is_whole = False
                continue
            load = statements.load_capture_statement
            said, read = self.index.ask(load, capture), scratch.ask(load, again)
            is_same = said.pop("extractor") == read.pop("extractor")
            is_whole &= is_same
            yield from _name_differences(None, capture.url, statements.find_different(said, read) if is_same else {})
        if is_whole:
            ours, theirs = (index.ask(statements.load_overview) for index in (self.index, scratch))
            for name in sorted(ours.keys() | theirs.keys()):
                different = statements.find_different(ours.get(name, {}), theirs.get(name, {}))
                yield from _name_differences(None, name, different)


def _name_differences(
    article_id: int | None, url: str, different: Mapping[str, tuple[object, object]]
) -> Iterator[FalseStatement]:
    """Yield a false statement if there are differences."""
    what = [
        f"{path} is {_shorten(index)} in the index, {_shorten(record)} by the records"
        for path, (index, record) in list(different.items())[:MAX_FIELDS]
    ]
    if len(different) > MAX_FIELDS:
        what.append(f"and {len(different) - MAX_FIELDS} more fields")
    if what:
        yield FalseStatement(article_id=article_id, url=url, what=tuple(what))


def _shorten(value: object) -> str:
    if value is None or isinstance(value, datetime):
        return format_time(value) if value else "missing"
    text = repr(value.value if isinstance(value, Enum) else value)
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}…"
