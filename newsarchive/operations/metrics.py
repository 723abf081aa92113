"""Metrics for Prometheus: a text file for node_exporter's textfile collector.

Written after each crawl, from the index, so it does not matter which crawl wrote it last.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from newsarchive.operations.health import HealthReport
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.places import raise_write_error
from storage.places.folder import write_atomic

Labels: TypeAlias = tuple[tuple[str, str], ...]
Sample: TypeAlias = tuple[Labels, float]
Metric: TypeAlias = tuple[str, str, Sequence[Sample]]


def format_metrics(report: HealthReport, crawls: Iterable[CrawlView], now: datetime, *, bucket: bool = False) -> str:
    """Return the text of the file; `crawls` are the latest runs, newest first; `bucket` if the archive has one."""
    lines: list[str] = []
    for name, help_text, samples in (
        *_status_metrics(report.status),
        *_run_metrics(tuple(crawls)),
        *_finding_metrics(report, bucket=bucket),
        ("written_timestamp_seconds", "When this file was written.", [((), now.timestamp())]),
    ):
        lines += [f"# HELP newsarchive_{name} {help_text}", f"# TYPE newsarchive_{name} gauge"]
        lines += [f"newsarchive_{name}{_format_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def write_metrics(file: Path, text: str) -> None:
    """Replace the file atomically; StorageError if it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise_write_error(file, problem)
    write_atomic(file, text, mode=0o644)


def _status_metrics(status: Status) -> Iterator[Metric]:
    sites = [site for site in status.sites if site.configured]
    yield "articles", "Articles in the archive.", [(_site_label(site), site.articles) for site in sites]
    yield "versions", "Article versions in the archive.", [(_site_label(site), site.versions) for site in sites]
    captures = [
        ((*_site_label(site), ("outcome", outcome)), count)
        for site in sites
        for outcome, count in sorted(site.outcomes.items())
    ]
    yield "captures", "Captures in the archive, by outcome.", captures
    yield "due", "URLs that are due now.", [(_site_label(site), site.due) for site in sites]
    yield "scheduled", "URLs that are due later.", [(_site_label(site), site.scheduled) for site in sites]
    last = [(_site_label(site), site.last_capture.timestamp()) for site in sites if site.last_capture]
    yield "last_capture_timestamp_seconds", "Time of the last capture of a site.", last
    yield "warc_files", "WARC files in the archive.", [((), status.warc_files)]
    yield "warc_bytes", "Bytes of closed WARC files.", [((), status.warc_bytes)]


def _finding_metrics(report: HealthReport, *, bucket: bool) -> Iterator[Metric]:
    findings = [
        ((("code", each.code), ("severity", each.severity.value), ("subject", each.subject)), 1.0)
        for each in report.findings
    ]
    yield "finding", "Findings of newsarchive status, 1 for each.", findings
    yield "findings", "Number of findings of newsarchive status.", [((), len(findings))]
    yield "disk_free_bytes", "Free bytes on the disk of the WARC files.", [((), report.disk_free)]
    if bucket:
        yield "warc_files_unsent", "WARC files that wait to be uploaded.", [((), report.unsent)]
        yield "warc_bytes_unsent", "Bytes of WARC files that wait to be uploaded.", [((), report.unsent_bytes)]


def _run_metrics(crawls: tuple[CrawlView, ...]) -> Iterator[Metric]:
    """Yield metrics of the last finished run of each site."""
    newest: dict[str, CrawlView] = {}
    for crawl in crawls:
        for site in crawl.sites if crawl.finished_at else ():
            newest.setdefault(site, crawl)
    runs = sorted(newest.items())
    finished = [((("site", site),), run.finished_at.timestamp()) for site, run in runs if run.finished_at]
    yield "last_crawl_timestamp_seconds", "When the last crawl of a site finished.", finished
    success = [((("site", site),), float(run.outcome != "failed")) for site, run in runs]
    yield "last_crawl_success", "0 if the last crawl of a site failed, else 1.", success
    seconds = [
        ((("site", site),), (run.finished_at - run.started_at).total_seconds())
        for site, run in runs
        if run.finished_at and run.started_at
    ]
    yield "last_crawl_seconds", "Duration of the last crawl of a site.", seconds


def _site_label(site: SiteStatus) -> Labels:
    return (("site", site.name),)


def _format_labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape_label(value)}"' for name, value in labels) + "}"


def _escape_label(text: str) -> str:
    r"""Escape the value of a label.

    >>> _escape_label('a"b')
    'a\\"b'
    """
    return str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
