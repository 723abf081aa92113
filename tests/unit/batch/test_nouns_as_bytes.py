"""Nouns travel as pickles, and a pickle may make nouns only."""

import os
import pickle
from datetime import UTC, datetime

import pytest

from newsarchive.batch.nouns import dumped, loaded
from newsarchive.batch.terms import Terms
from newsarchive.config.schema import SiteConfig
from newsarchive.extract.selectors import Selector
from newsarchive.extract.site_layout import Dated, Layout, Layouts
from newsarchive.ingest.tasks import KeptRead
from storage.model import (
    Article,
    Capture,
    Discovery,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    Site,
    UrlKind,
)
from storage.warc.reader import Kept
from storage.warc.repair import mend

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = Discovery(site="gazette", kind=UrlKind.ARTICLE, published=AT)
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
READ = KeptRead(
    kept=Kept(capture=CAPTURE, discovery=PAGE, block=b""),
    discovery=PAGE,
    reading=Reading(outcome=Outcome.ARTICLE, reason="JSON-LD", article=ARTICLE),
)


class Evil:
    """Would run a command where it is unpickled."""

    def __init__(self, function: object, *words: object) -> None:
        self.said = function, words

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.said


def test_a_capture_and_its_reading_come_back_as_they_were() -> None:
    """All that a task tells of a page."""
    assert loaded(dumped(READ)) == READ


def test_terms_come_back_as_they_were_layouts_included() -> None:
    """What tasks are told; its key differs where anything does."""
    layouts = Layouts(entries=(Dated(layout=Layout(headline=Selector("h1.story"))),))
    site = SiteConfig(name="gazette", url="https://gazette.example/", layouts=layouts)
    terms = Terms(timeout=3.0, sites=(Site(name="gazette", url="https://gazette.example/"),), laid_out=(site,))
    again = loaded(dumped(terms))
    assert again == terms
    assert again.key == terms.key
    assert again.layouts.get("gazette") == layouts
    assert len({terms.key, Terms().key, Terms(timeout=3.0).key, Terms(sites=terms.sites).key}) == 4


EVIL = {
    "a command": Evil(os.system, "true"),
    "code": Evil(eval, "1"),
    "a function of ours": Evil(mend, "a.warc.gz"),
    "an attribute": Evil(getattr, READ, "kept"),
}


@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_nothing_but_nouns_is_made(evil: Evil) -> None:
    """No function is called, not even one of ours, whoever wrote the bytes."""
    with pytest.raises(pickle.UnpicklingError, match="is no noun of an archive"):
        loaded(pickle.dumps(evil))
