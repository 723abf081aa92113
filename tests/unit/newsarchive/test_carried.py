"""What goes between processes comes out as it went in."""

import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from storage.model import (
    Article,
    Dated,
    Entry,
    Image,
    Link,
    LinkGroup,
    LinkKind,
    Outcome,
    Paragraph,
    Reading,
    Role,
    Source,
    UrlKind,
)

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
        published=Dated(at=AT, source="json-ld"),
        image=Image(url=PLACE + "a.jpg"),
        paragraphs=(Paragraph(role=Role.TEXT, text="One."), Paragraph(role=Role.QUOTE, text="Two.")),
        link_groups=(GROUP,),
    ),
    link_groups=(GROUP,),
    entries=(Entry(url=PLACE + "c", published=AT, news=True),),
    sources=(Source(url=PLACE + "feed", kind=UrlKind.FEED),),
)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_reading_comes_out_as_it_went_in(protocol: int) -> None:
    """With all that a page can say, and by whichever way pickle takes."""
    assert pickle.loads(pickle.dumps(READING, protocol)) == READING


def test_what_comes_out_is_frozen() -> None:
    """A noun stays as it was made."""
    link = pickle.loads(pickle.dumps(GROUP.links[0]))
    with pytest.raises(FrozenInstanceError):
        link.url = "other"
