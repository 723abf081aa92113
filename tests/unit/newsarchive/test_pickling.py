"""Objects passed between processes are unpickled as they were pickled."""

import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from newsarchive.extract.site_layout import Layouts, read_layout
from newsarchive.ingest.tasks import ReadingTask
from storage.article_parts import Image
from storage.model import (
    Article,
    Discovery,
    FeedEntry,
    Link,
    LinkGroup,
    LinkKind,
    Outcome,
    Paragraph,
    Reading,
    Role,
    UrlKind,
    UrlSource,
)
from storage.page_date import PageDate, SourcedDate

AT = datetime(2026, 3, 1, tzinfo=UTC)
PLACE = "https://news.example/"
GROUP = LinkGroup(kind=LinkKind.RELATED, label="More", links=(Link(url=PLACE + "b", anchor="B"),))
READING = Reading(
    outcome=Outcome.ARTICLE,
    reason="it says so",
    article=Article(
        url=PLACE + "a",
        canonical_url=PLACE + "a",
        headline="A",
        published=SourcedDate(at=AT, source="json-ld"),
        image=Image(url=PLACE + "a.jpg"),
        paragraphs=(Paragraph(role=Role.TEXT, text="One."), Paragraph(role=Role.QUOTE, text="Two.")),
        link_groups=(GROUP,),
    ),
    link_groups=(GROUP,),
    entries=(FeedEntry(url=PLACE + "c", published=PageDate.from_time(AT), news=True),),
    sources=(UrlSource(url=PLACE + "feed", kind=UrlKind.FEED),),
)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_reading_comes_out_as_it_went_in(protocol: int) -> None:
    """With every field set, by every pickle protocol."""
    assert pickle.loads(pickle.dumps(READING, protocol)) == READING


def test_a_task_comes_out_as_it_went_in() -> None:
    """With discovery and layouts."""
    table = {"headline": "h1", "drop": [".poll"], "related": [{"box": "aside", "label": "h3"}], "until": "2026-04-01"}
    task = ReadingTask(
        block=b"HTTP/1.1 200 OK\r\n\r\n",
        message=True,
        url=PLACE + "a",
        mime="text/html",
        status=200,
        discovery=Discovery(site="news", kind=UrlKind.ARTICLE, via=PLACE, via_kind=UrlKind.LISTING, anchor="A"),
        fetched_at=AT,
        layouts=Layouts(entries=(read_layout(table),)),
    )
    assert pickle.loads(pickle.dumps(task, pickle.HIGHEST_PROTOCOL)) == task


def test_results_are_immutable() -> None:
    """Unpickled objects stay frozen."""
    link = pickle.loads(pickle.dumps(GROUP.links[0]))
    with pytest.raises(FrozenInstanceError):
        link.url = "other"
