"""Objects sent to workers and back are loaded as they were."""

import pickle
from datetime import UTC, datetime

from newsarchive.batch.read_warc import ReadingSettings
from newsarchive.config.schema import SiteConfig
from newsarchive.extract.site_layout import DatedLayout, Layout, Layouts, Selector
from newsarchive.ingest.tasks import CaptureReading
from storage.model import Article, Capture, Discovery, Outcome, Paragraph, Reading, RecordPlace, Role, Site, UrlKind
from storage.page_date import PageDate
from storage.warc.reader import CaptureRecord

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE, published=PageDate.from_time(AT))
CAPTURE = Capture(
    url="https://gazette.example/a",
    record_id="urn:uuid:a",
    place=RecordPlace(warc="a.warc.gz", offset=0, length=10),
    kind="response",
    fetched_at=AT,
    date="2026-03-01T12:00:00Z",
    status=200,
    mime="text/html",
    payload_digest=None,
    payload_size=5,
)
ARTICLE = Article(
    url="https://gazette.example/a",
    canonical_url="https://gazette.example/a",
    headline="Harbour reopens",
    paragraphs=(Paragraph(role=Role.TEXT, text="It did."),),
)
READ = CaptureReading(
    record=CaptureRecord(capture=CAPTURE, discovery=PAGE, block=b""),
    discovery=PAGE,
    reading=Reading(outcome=Outcome.ARTICLE, reason="JSON-LD", article=ARTICLE),
)


def test_a_capture_and_its_reading_are_loaded_as_dumped() -> None:
    """The result of reading one page."""
    assert pickle.loads(pickle.dumps(READ, protocol=5)) == READ


def test_reading_settings_are_loaded_as_dumped_with_layouts() -> None:
    """Their cache key differs if any setting does."""
    layouts = Layouts(entries=(DatedLayout(layout=Layout(headline=Selector("h1.story"))),))
    site = SiteConfig(name="gazette", url="https://gazette.example/", layouts=layouts)
    settings = ReadingSettings(
        timeout=3.0, sites=(Site(name="gazette", url="https://gazette.example/"),), layout_sites=(site,)
    )
    again = pickle.loads(pickle.dumps(settings, protocol=5))
    assert again == settings
    assert again.cache_key == settings.cache_key
    assert again.layouts.get("gazette") == layouts
    assert (
        len(
            {
                settings.cache_key,
                ReadingSettings().cache_key,
                ReadingSettings(timeout=3.0).cache_key,
                ReadingSettings(sites=settings.sites).cache_key,
            }
        )
        == 4
    )
