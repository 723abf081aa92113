"""Dataclasses are pickled, and nothing but dataclasses is unpickled."""

import os
import pickle
from datetime import UTC, datetime

import pytest

from newsarchive.batch.read_warc import ReadingSettings
from newsarchive.batch.readings_file import dump, load
from newsarchive.config.schema import SiteConfig
from newsarchive.extract.site_layout import DatedLayout, Layout, Layouts, Selector
from newsarchive.ingest.tasks import CaptureReading
from storage.model import Article, Capture, Discovery, Outcome, Paragraph, Reading, RecordPlace, Role, Site, UrlKind
from storage.page_date import PageDate
from storage.warc.reader import CaptureRecord
from storage.warc.repair import repair_file

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


class Evil:
    """Would run a command when it is unpickled."""

    def __init__(self, function: object, *words: object) -> None:
        self.call = function, words

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def test_a_capture_and_its_reading_are_loaded_as_dumped() -> None:
    """The result of reading one page."""
    assert load(dump(READ)) == READ


def test_reading_settings_are_loaded_as_dumped_with_layouts() -> None:
    """Their cache key differs if any setting does."""
    layouts = Layouts(entries=(DatedLayout(layout=Layout(headline=Selector("h1.story"))),))
    site = SiteConfig(name="gazette", url="https://gazette.example/", layouts=layouts)
    settings = ReadingSettings(
        timeout=3.0, sites=(Site(name="gazette", url="https://gazette.example/"),), layout_sites=(site,)
    )
    again = load(dump(settings))
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


EVIL = {
    "a command": Evil(os.system, "true"),
    "code": Evil(eval, "1"),
    "a function of ours": Evil(repair_file, "a.warc.gz"),
    "an attribute": Evil(getattr, READ, "record"),
}


@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_nothing_but_dataclasses_is_loaded(evil: Evil) -> None:
    """No function is called, not even one of ours."""
    with pytest.raises(pickle.UnpicklingError, match="is not a dataclass of this version"):
        load(pickle.dumps(evil))


@pytest.mark.parametrize(
    ("old", "new"), [(b"CaptureReading", b"CaptureRemoved"), (b"newsarchive.ingest.tasks", b"newsarchive.ingest.gone1")]
)
def test_a_class_or_module_of_another_version_is_not_loaded(old: bytes, new: bytes) -> None:
    """UnpicklingError, as for any other foreign bytes: never an ImportError or AttributeError."""
    with pytest.raises(pickle.UnpicklingError, match="is not a dataclass of this version"):
        load(dump(READ).replace(old, new))
