"""Takedown: remove articles from the WARC files and the index, here and in the bucket, so that they do not return.

    plan: records, files --> takedown.json --> takedowns.jsonl --> each file anew, linked, swapped --> index --> copies

Every step may be repeated: after a kill the next takedown completes the plan that it finds. Captures of URLs that
takedowns.jsonl lists are neither imported nor indexed again.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from newsarchive.config.units import pluralize
from newsarchive.maintenance.export_log import list_exports
from newsarchive.maintenance.takedown_targets import choose_targets
from storage.callbacks import ProgressCallback, ignore_progress
from storage.errors import BucketRefused, BucketUnreachable, FileMissing, NotFound, WarcError
from storage.index import Index
from storage.index.queries.status import list_warc_files
from storage.index.write import warc_files
from storage.model import ClosedWarc
from storage.places import Places, WarcFile
from storage.places.folder import PART, remove_parts, replace_durably, write_atomic
from storage.places.transfer import FETCHING, BucketTransfer
from storage.warc.record import Record
from storage.warc.repair import measure_link
from storage.warc.tombstones import REWRITTEN, add_takedowns, digest_url, find_spans, load_takedowns, replace_spans

PLAN = "takedown.json"
_COPIES = ("exports/**/*", "batch/**/*", "rebuild.json", "*.rebuilding*")
_WORKING_FILES = (f"*{FETCHING}", f"*{PART}", "*.torn-*")
"""In the folder of the WARC files: what a download, an import or a crawl left that was interrupted."""


@dataclass(slots=True, kw_only=True)
class TakedownPlan:
    """URLs, records and files of one takedown."""

    reason: str
    at: str
    urls: list[str]
    record_ids: list[str]
    files: list[str]
    others: list[str] = field(default_factory=list)
    """Those of the records that are captures of other URLs."""
    kept: list[str] = field(default_factory=list)
    """Captures that name the article, or were embedded in it, and stay."""
    records: int = 0
    """Records in all files: captures, and requests and metadata of these."""
    given_out: list[str] = field(default_factory=list)
    """Exports that the archive made, and that may have the article."""


@dataclass(slots=True, kw_only=True)
class TakedownReport:
    """Result of a takedown."""

    plan: TakedownPlan
    records: int = 0
    copies: list[str] = field(default_factory=list)
    """Exports and working files that were deleted: they may have been given out."""
    unreachable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """Removal of articles from one archive. The caller holds the lock of the whole archive."""

    folder: Path
    places: Places
    index: Index
    progress: ProgressCallback = ignore_progress

    def make_plan(self, urls: Collection[str], reason: str, now: datetime, *, listings: bool = False) -> TakedownPlan:
        """Return the plan for articles, with all URLs at which they were captured, and what they alone embed.

        With `listings` also captures of front pages, feeds and sitemaps that name them. NotFound if the index has none.
        """
        chosen = choose_targets(self.index, self.places, sorted(urls), self.progress, listings=listings)
        found, others, shared, naming = chosen
        if not found.record_ids:
            raise NotFound.create("nothing-to-remove", folder=self.folder, urls=", ".join(urls))
        plan = TakedownPlan(
            reason=reason,
            at=now.isoformat(),
            urls=sorted(found.urls),
            record_ids=found.record_ids,
            files=found.files,
            others=sorted(others),
            kept=[f"{url}, which other pages may use" for url in sorted(shared)],
            given_out=list_exports(self.folder, found.urls),
        )
        removed, naming_too = _select_records(plan), _select_records(replace(plan, urls=[], record_ids=sorted(naming)))
        left = list[str]()

        def name_removed(record: Record) -> str:
            name = removed(record)
            left.extend([] if name else filter(None, [naming_too(record)]))
            return name

        for file in self.places.files():  # one that was imported may have the same records again
            with suppress(WarcError, FileMissing):  # `verify` reports it
                if count := find_spans(file, name_removed)[0]:
                    plan.records += count
                    plan.files += [] if file.name in plan.files else [file.name]
        if left:
            what = "of front pages, feeds and sitemaps that name it. To remove these too: --listings"
            plan.kept.append(f"{pluralize(len(left), 'record')} {what}")
        return plan

    def load_plan(self) -> TakedownPlan | None:
        """Return the plan of a takedown that was interrupted, or None."""
        with suppress(FileNotFoundError):
            return TakedownPlan(**json.loads((self.folder / PLAN).read_text("utf-8")))
        return None

    def run(self, plan: TakedownPlan) -> TakedownReport:
        """Carry out a plan from its beginning; what an interrupted run did is found done."""
        report = TakedownReport(plan=plan)
        write_atomic(self.folder / PLAN, json.dumps(asdict(plan)), mode=0o600)
        load_takedowns(self.folder, self.places, restores=True)
        add_takedowns(self.folder, [*map(digest_url, plan.urls), *plan.others], plan.at, plan.reason)
        digests = {file.name: file.sha256 for file in self.index.read(list_warc_files)}
        stored = {file.name: file for file in self.places.files()}
        for name in plan.files:
            self._rewrite(name, stored.get(name), digests.get(name), report)
        self.index.delete_captures(plan.record_ids, plan.urls)
        self.index.settle()
        if left := self.index.erase_deleted():
            report.unreachable.append(left)
        self._delete_copies(plan, report)
        (self.folder / PLAN).unlink()
        return report

    def _rewrite(self, name: str, stored: WarcFile | None, known: str | None, report: TakedownReport) -> None:
        """Rewrite a file, of which the index knows this SHA-256, in the folder and in the bucket."""
        if stored is None:
            report.unreachable.append(f"{name} is in neither the folder nor the bucket; its copies keep the records")
            return
        plan, bucket, own = report.plan, self.places.bucket, self.places.chain
        transfer = BucketTransfer(self.places.folder, bucket, own) if bucket else None
        if not stored.is_local and transfer:
            transfer.download(name, known)
        # Another machine may have rewritten the file since the link of this one.
        before = linked.sha256 if (linked := own.load([name]).find(name)) else known
        path, now = self.places.folder / name, datetime.fromisoformat(plan.at)
        remove_parts(path.with_name(path.name + REWRITTEN))
        count, spans = find_spans(path, _select_records(plan))
        report.records += count
        written = replace_spans(path, spans, plan.reason, now) if spans else path
        link = replace(measure_link(written, "takedown", plan.reason), file=name, was=before or "")
        if link.sha256 != before:
            own.append(link)
        closed = ClosedWarc(name=name, size=link.size, sha256=link.sha256)
        self.index.write(warc_files.record_closed_warc, closed, None)
        if spans:  # after a kill before this, `complete_rewrites` does it
            replace_durably(written, path)
        # One that was uploaded and is not there was deleted by a run that was killed before it uploaded the new one.
        if transfer and bucket and (stored.is_remote or name in transfer.log.read()):
            try:
                kept = bucket.find_version(name) if stored.is_remote else ""
                if stored.is_remote:
                    bucket.delete(name)
                if transfer.upload(name) and not stored.is_local:
                    transfer.remove_local(name)
                # The deleted object may be from before the bucket kept versions, or a run that was killed deleted it.
                if kept := kept or bucket.find_version(name, is_new=True):
                    report.unreachable.append(f"{name} in the bucket is replaced, but {kept}")
            except (BucketRefused, BucketUnreachable) as problem:
                report.unreachable.append(f"{name} in the bucket still has the records: {problem}")

    def _delete_copies(self, plan: TakedownPlan, report: TakedownReport) -> None:
        """Delete exports and working files, which may have the text, and the lines of logs that name the URLs."""
        found = [sorted(self.folder.glob(pattern)) for pattern in _COPIES]
        found += [sorted(self.places.folder.glob(pattern)) for pattern in _WORKING_FILES]
        for file in chain.from_iterable(found):
            if file.is_file():
                file.unlink()
                report.copies.append(os.path.relpath(file, self.folder))
        if thumbnails := [*self.folder.glob("thumbnails/*/*")]:
            report.copies.append(f"thumbnails ({len(thumbnails):,}), which are made again of what remains")
        shutil.rmtree(self.folder / "thumbnails", ignore_errors=True)
        # Not the lines of other articles whose URLs begin with one of these.
        named = re.compile(b"(?:%b)(?!/?[\\w-]|\\.\\w)" % b"|".join(re.escape(url).encode() for url in plan.urls))
        for file in sorted(path for path in self.folder.glob("**/*.log*") if path.is_file()):
            lines = file.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not named.search(line)]
            if len(kept) < len(lines):
                write_atomic(file, b"".join(kept))
        report.unreachable += plan.kept
        report.unreachable.append(
            "downloads, exports and WACZ files that were given out, sent alerts, backups, other archives and search "
            "engines; thumbnails in folders of other machines, which no longer send them; links and headlines on other "
            "pages: to withhold those, add the URL to `blocked` in newsarchive.toml"
        )


def _select_records(plan: TakedownPlan) -> Callable[[Record], str]:
    """Return a filter for the records of a plan: captures, what refers to them, and whatever else is of their URLs.

    It names each as its tombstone does; "" for one that stays.
    """
    ids, urls = set(plan.record_ids), {digest_url(url) for url in plan.urls}

    def name_removed(record: Record) -> str:
        referred = (*record.get_all("WARC-Concurrent-To"), *record.get_all("WARC-Refers-To"))
        if record.uri and (digest := digest_url(record.uri)) in urls:
            return digest
        return next((each for each in (record.id, *(each.strip("<> ") for each in referred)) if each in ids), "")

    return name_removed
