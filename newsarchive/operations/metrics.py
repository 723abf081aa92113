"""How the archive does, for Prometheus: a text file that node_exporter's textfile collector picks up.

Written whole after each crawl, from the index: so it does not matter which crawl wrote it last.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from storage.errors import StorageError
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.places import WarcFile

Labels: TypeAlias = tuple[tuple[str, str], ...]
Sample: TypeAlias = tuple[Labels, float]
Metric: TypeAlias = tuple[str, str, str, Sequence[Sample]]


def exposition(
    status: Status, crawls: Iterable[CrawlView], now: datetime, unsent: tuple[WarcFile, ...] | None = None
) -> str:
    """The text of the file; `crawls` are the latest runs, newest first.

    `unsent` are the WARC files that wait to be uploaded, None where there is no bucket.
    """
    lines: list[str] = []
    for name, kind, meaning, samples in (*_metrics(status, tuple(crawls), now), *_of_bucket(unsent)):
        lines += [f"# HELP newsarchive_{name} {meaning}", f"# TYPE newsarchive_{name} {kind}"]
        lines += [f"newsarchive_{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def write(file: Path, text: str) -> None:
    """Put text in the place of a file's: the collector never meets half of it. StorageError where that fails."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, "utf-8")
        beside.chmod(0o644)
        beside.replace(file)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise StorageError(f"{file} cannot be written ({problem.strerror}); the crawl itself was not touched") from None


def _metrics(status: Status, crawls: tuple[CrawlView, ...], now: datetime) -> Iterator[Metric]:
    sites = [site for site in status.sites if site.configured]
    yield "articles", "gauge", "Articles in the archive.", [(_of(site), site.articles) for site in sites]
    yield "versions", "gauge", "Article versions in the archive.", [(_of(site), site.versions) for site in sites]
    captures = [((*_of(site), ("outcome", kind)), n) for site in sites for kind, n in sorted(site.outcomes.items())]
    yield "captures", "gauge", "Captures in the archive, by what they turned out to be.", captures
    yield "due", "gauge", "URLs that may be fetched now.", [(_of(site), site.due) for site in sites]
    yield "scheduled", "gauge", "URLs that are to be fetched later.", [(_of(site), site.scheduled) for site in sites]
    last = [(_of(site), site.last_capture.timestamp()) for site in sites if site.last_capture]
    yield "last_capture_timestamp_seconds", "gauge", "When a site was last captured.", last
    yield from _of_runs(crawls)
    yield "warc_files", "gauge", "WARC files in the archive.", [((), status.warc_files)]
    yield "warc_bytes", "gauge", "Bytes of closed WARC files.", [((), status.warc_bytes)]
    yield "written_timestamp_seconds", "gauge", "When this file was written.", [((), now.timestamp())]


def _of_bucket(unsent: tuple[WarcFile, ...] | None) -> Iterator[Metric]:
    if unsent is not None:
        yield "warc_files_unsent", "gauge", "WARC files that wait to be uploaded.", [((), len(unsent))]
        size = sum(file.size for file in unsent)
        yield "warc_bytes_unsent", "gauge", "Bytes of WARC files that wait to be uploaded.", [((), size)]


def _of_runs(crawls: tuple[CrawlView, ...]) -> Iterator[Metric]:
    """The newest ended run of each site."""
    newest: dict[str, CrawlView] = {}
    for crawl in crawls:
        for site in crawl.sites if crawl.finished_at else ():
            newest.setdefault(site, crawl)
    runs = sorted(newest.items())
    ended = [((("site", site),), run.finished_at.timestamp()) for site, run in runs if run.finished_at]
    yield "last_crawl_timestamp_seconds", "gauge", "When the last crawl of a site ended.", ended
    good = [((("site", site),), float(run.outcome != "failed")) for site, run in runs]
    yield "last_crawl_success", "gauge", "1 where the last crawl of a site ended in good order, else 0.", good
    took = [
        ((("site", site),), (run.finished_at - run.started_at).total_seconds())
        for site, run in runs
        if run.finished_at and run.started_at
    ]
    yield "last_crawl_seconds", "gauge", "How long the last crawl of a site took.", took


def _of(site: SiteStatus) -> Labels:
    return (("site", site.name),)


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(text: str) -> str:
    r"""A label's value, as the text format writes it.

    >>> _escaped('a"b')
    'a\\"b'
    """
    return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
