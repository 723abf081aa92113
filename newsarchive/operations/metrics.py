"""Metrics for Prometheus: a text file for node_exporter's textfile collector.

Written after each crawl, from the index, so it does not matter which crawl wrote it last.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from newsarchive.operations.health import HealthReport
from storage.index.views.status import CrawlView, Status

Labels: TypeAlias = tuple[tuple[str, str], ...]
Sample: TypeAlias = tuple[Labels, float]
Metric: TypeAlias = tuple[str, str, Sequence[Sample]]
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
"""Of the values of labels."""


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
        for labels, value in samples:
            said = ",".join(f'{label}="{str(of_label).translate(_ESCAPES)}"' for label, of_label in labels)
            braced = f"{{{said}}}" if said else ""
            lines.append(f"newsarchive_{name}{braced} {value:.15g}")
    return "\n".join(lines) + "\n"


def _status_metrics(status: Status) -> Iterator[Metric]:
    sites = [((("site", site.name),), site) for site in status.sites if site.configured]
    yield "articles", "Articles in the archive.", [(label, site.articles) for label, site in sites]
    yield "versions", "Article versions in the archive.", [(label, site.versions) for label, site in sites]
    counts = [(label, each) for label, site in sites for each in sorted(site.outcomes.items())]
    captures = [((*label, ("outcome", outcome)), count) for label, (outcome, count) in counts]
    yield "captures", "Captures in the archive, by outcome.", captures
    yield "due", "URLs that are due now.", [(label, site.due) for label, site in sites]
    yield "scheduled", "URLs that are due later.", [(label, site.scheduled) for label, site in sites]
    last = [(label, site.last_capture.timestamp()) for label, site in sites if site.last_capture]
    yield "last_capture_timestamp_seconds", "Time of the last capture of a site.", last
    yield "warc_files", "WARC files in the archive.", [((), status.warc_files)]
    yield "warc_bytes", "Bytes of closed WARC files.", [((), status.warc_bytes)]


def _finding_metrics(report: HealthReport, *, bucket: bool) -> Iterator[Metric]:
    stated = [(each.code, each.severity.value, each.subject) for each in report.findings]
    findings = [(tuple(zip(("code", "severity", "subject"), each, strict=True)), 1.0) for each in stated]
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
    runs = [((("site", site),), run, run.finished_at) for site, run in sorted(newest.items()) if run.finished_at]
    finished = [(label, end.timestamp()) for label, _, end in runs]
    yield "last_crawl_timestamp_seconds", "When the last crawl of a site finished.", finished
    success = [(label, float(run.outcome != "failed")) for label, run, _ in runs]
    yield "last_crawl_success", "0 if the last crawl of a site failed, else 1.", success
    seconds = [(label, (end - run.started_at).total_seconds()) for label, run, end in runs if run.started_at]
    yield "last_crawl_seconds", "Duration of the last crawl of a site.", seconds
