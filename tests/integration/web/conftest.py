"""An archive with hostile texts and excluded captures; its index is filled without a crawl."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from newsarchive.archive import Archive
from newsarchive.web.app import create_app
from newsarchive.web.serve_options import DEFAULT_OPTIONS, ServeOptions
from storage.index.write import runs
from storage.model import (
    Article,
    Capture,
    CrawlRun,
    Discovery,
    Ingest,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    UrlKind,
    VisitResult,
)

NOW = datetime(2026, 3, 10, 6, tzinfo=UTC)
RUN = "20260309T060000Z-0001"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
CONFIG = """
[serve]
blocked = ["https://news.example/private/"]

[[site]]
name = "news"
url = "https://news.example/"

[[site]]
name = "secret"
url = "https://secret.example/"
hidden = true

[[site]]
name = "held"
url = "https://held.example/"
embargo = "2d"
"""


@dataclass(slots=True)
class Writer:
    """Makes captures and articles without fetching."""

    serial: int = 0

    def capture(self, url: str, at: datetime, **changes: Any) -> Capture:
        """Return a capture of a URL at a time."""
        self.serial += 1
        usual = Capture(
            url=url,
            record_id=f"urn:uuid:{self.serial:012d}",
            place=RecordPlace(warc="a.warc.gz", offset=self.serial * 1000, length=900),
            kind="response",
            fetched_at=at,
            date=at.isoformat().replace("+00:00", "Z"),
            status=200,
            mime="text/html",
            payload_digest=f"sha256:{self.serial:064d}",
            payload_size=5000,
            crawl=RUN,
        )
        return replace(usual, **changes)

    def article(self, url: str, headline: str, at: datetime, site: str = "news", **changes: Any) -> Ingest:
        """Return an ingested article page."""
        capture = self.capture(url, at)
        article = Article(
            url=url,
            canonical_url=url,
            headline=headline,
            language="en",
            declared=True,
            paragraphs=(Paragraph(role=Role.TEXT, text=f"Body of {headline}"),),
        )
        return Ingest(
            capture=capture,
            discovery=Discovery(site=site, kind=UrlKind.ARTICLE),
            reading=Reading(
                outcome=Outcome.ARTICLE,
                reason="JSON-LD NewsArticle",
                article=replace(article, **changes),
                content_digest=capture.payload_digest,
            ),
        )

    def failure(self, url: str, at: datetime, reason: str) -> Ingest:
        """Return a failed capture."""
        return Ingest(
            capture=self.capture(url, at, status=500),
            discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
            reading=Reading(outcome=Outcome.ERROR, reason=reason),
        )


def plan(seen: VisitResult) -> NextVisit:
    """Return no further visit."""
    return NextVisit(due_at=None, failure_count=seen.failure_count, unchanged_count=0)


def ingests(writer: Writer) -> list[Ingest]:
    """Return some articles per day, with hostile, hidden, embargoed and failed ones."""
    day, before = NOW - timedelta(days=1), NOW - timedelta(days=5)
    hostile: dict[str, Any] = {"dek": EVIL, "section": EVIL, "authors": (EVIL, "Ada Berg"), "tags": (EVIL,)}
    return [
        *(writer.article(f"https://news.example/{n}", f"Plain {n}", before + timedelta(hours=n)) for n in range(4)),
        writer.article("https://news.example/evil", f"Evil {EVIL}", day, **hostile),
        writer.article("https://news.example/private/x", "UNSEEN private", day),
        writer.article("https://secret.example/a", "UNSEEN secret", day, site="secret", authors=("Ada BERG",)),
        writer.article("https://held.example/new", "UNSEEN held", day, site="held"),
        writer.article("https://held.example/old", "Held no more", before, site="held"),
        writer.failure("https://news.example/broken?<b>", day, f"answered {EVIL}"),
    ]


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """A read-only archive."""
    folder = tmp_path_factory.mktemp("web") / "morgue"
    Archive.init(folder).close()
    toml = folder / "newsarchive.toml"
    toml.write_text(toml.read_text() + CONFIG)
    archive = Archive.open(folder, now=lambda: NOW)
    begun = CrawlRun(
        id=RUN, sites=tuple(site.to_site() for site in archive.config.sites), started_at=NOW - timedelta(days=1)
    )
    archive.index.begin_crawl(begun)
    archive.index.commit(ingests(Writer()), plan)
    archive.index.settle()
    ended = replace(begun, finished_at=NOW - timedelta(hours=23), outcome="finished", counters={"captures": 10})
    archive.index.write(runs.end_crawl, ended)
    yield archive
    archive.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive."""
    archive = Archive.init(tmp_path / "empty")
    yield archive
    archive.close()


class Browsers:
    """Makes clients of an archive's web interface."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def __call__(self, options: ServeOptions = DEFAULT_OPTIONS, **arguments: Any) -> TestClient:
        """Return a client; keyword arguments go to `create_app`."""
        return TestClient(create_app(self.archive, options, **arguments), base_url="http://127.0.0.1:8000")


@pytest.fixture(scope="session")
def browser(paper: Archive) -> Iterator[TestClient]:
    """A client of the archive."""
    with Browsers(paper)() as client:
        yield client


@pytest.fixture
def browsers(paper: Archive) -> Browsers:
    """Makes clients of the archive."""
    return Browsers(paper)
