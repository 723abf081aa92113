"""The differences between two versions of an article, as readers see them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsarchive.diff.articles import EditVerdict, MetadataChange, RowKind, compare_versions
from storage.article_fields import ParagraphView
from storage.index.views.articles import CaptureView, VersionView
from storage.model import Outcome, RecordPlace, Role
from storage.page_date import PageDate

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
URL = "https://news.example/harbour"

CAPTURE = CaptureView(
    id=3, url=URL, urlkey="example,news)/harbour", site="news", record_id="urn:uuid:1",
    place=RecordPlace(warc="a.warc.gz", offset=0, length=1), kind="response", fetched_at=AT, date="2026-05-04",
    status=200, mime="text/html", payload_digest=None, payload_size=9, truncated=None, outcome=Outcome.ARTICLE,
    reason="", title=None, entries=0, redirect_url=None, refers_to=None, refers_to_id=None, crawl=None, article_id=17,
    version_id=31,
)  # fmt: skip

TEXT = ("The harbour opened on Monday after nine years.", "Ships came from three countries.", "The mayor was silent.")


def paragraph(text: str, role: Role = Role.TEXT, *, boilerplate: bool = False) -> ParagraphView:
    """One paragraph."""
    return ParagraphView(role=role, text=text, boilerplate=boilerplate)


def version(*paragraphs: ParagraphView | str, **changes: Any) -> VersionView:
    """A version with these paragraphs; keywords change what else it says."""
    usual = VersionView(
        id=31, article_id=17, number=1, site="news", url=URL, canonical_url=URL, headline="Harbour opens",
        dek="After nine years", authors=("Ada Berg",),
        published=PageDate.from_time(AT), published_source="meta",
        modified=PageDate.from_time(AT), modified_source="meta",
        section="City", tags=(), language="en", image=None, image_caption=None, access=None,
        live_blog=False, noarchive=False, digest="sha256:1", first_seen=AT, last_seen=AT,
        all_paragraphs=tuple(each if isinstance(each, ParagraphView) else paragraph(each) for each in paragraphs),
        links=(), capture=CAPTURE,
    )  # fmt: skip
    return replace(usual, **changes)


def test_rows_tell_the_fate_of_each_paragraph() -> None:
    """Same, changed, gone, new, moved: each once, in the newer order, with a mark where one moved from."""
    older = version("Rain fell.", *TEXT, "An old paragraph about something else.")
    newer = version(TEXT[0].replace("Monday", "Sunday"), TEXT[1], TEXT[2], "Rain fell.", "Brand new words here.")
    found = compare_versions(older, newer)
    assert [(row.kind, row.older, row.newer) for row in found.rows] == [
        (RowKind.LEFT, 1, 4),
        (RowKind.CHANGED, 2, 1),
        (RowKind.SAME, 3, 2),
        (RowKind.SAME, 4, 3),
        (RowKind.REMOVED, 5, None),
        (RowKind.MOVED, 1, 4),
        (RowKind.ADDED, None, 5),
    ]
    changed = found.rows[1]
    assert "".join(piece.text for piece in changed.before) == TEXT[0]
    assert "".join(piece.text for piece in changed.after) == TEXT[0].replace("Monday", "Sunday")


def test_text_outside_the_article_is_left_out() -> None:
    """Boilerplate, teasers and share buttons change with every fetch."""
    older = version(*TEXT, paragraph("Sign up now.", Role.PROMO), paragraph("All rights.", boilerplate=True))
    newer = version(*TEXT, paragraph("Sign up here.", Role.PROMO), paragraph("More stories", Role.TEASER))
    found = compare_versions(older, newer)
    assert {row.kind for row in found.rows} == {RowKind.SAME}
    assert (found.notice.verdict, found.left_out) == (EditVerdict.UNCHANGED, 4)


CHANGED = (TEXT[0].replace("nine", "ten"), *TEXT[1:])
NOTE = paragraph("Correction: it was ten years.", Role.CORRECTION)
LATER = AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("older", "newer", "verdict"),
    [
        (version(*TEXT), version(*TEXT, modified=PageDate.from_time(LATER)), EditVerdict.UNCHANGED),
        (version(*TEXT), version(*CHANGED), EditVerdict.SILENT),
        (version(*TEXT), version(*TEXT, headline="Harbour opened"), EditVerdict.SILENT),
        (version(*TEXT), version(*TEXT, dek=None), EditVerdict.SILENT),
        (version(*TEXT), version(*CHANGED, modified=None), EditVerdict.SILENT),
        (version(*TEXT, modified=None), version(*CHANGED, modified=None), EditVerdict.SILENT),
        (version(*TEXT), version(*CHANGED, modified=PageDate.from_time(LATER)), EditVerdict.DATED),
        (version(*TEXT), version(*CHANGED, NOTE), EditVerdict.NOTED),
        (version(*TEXT, NOTE), version(*CHANGED, NOTE), EditVerdict.SILENT),
        (version(*TEXT), version(*TEXT, paragraph("A photograph", Role.CAPTION)), EditVerdict.SILENT),
        (version(*TEXT), version(*TEXT, paragraph("Share", Role.SHARE)), EditVerdict.UNCHANGED),
    ],
)
def test_an_announced_change_is_recognised(older: VersionView, newer: VersionView, verdict: EditVerdict) -> None:
    """By a new correction or editor's note, or by another time of modification; else it was not."""
    assert compare_versions(older, newer).notice.verdict is verdict


def test_claims_of_two_versions_are_compared() -> None:
    """Byline, section, dates and the like, where they differ."""
    older = version(*TEXT)
    newer = version(*TEXT, authors=("Ada Berg", "Jo Li"), section=None, modified=PageDate.from_time(LATER))
    found = compare_versions(older, newer)
    assert found.byline is not None
    assert [(piece.change.value, piece.text) for piece in found.byline.pieces] == [
        ("same", "Ada Berg"),
        ("added", ", Jo Li"),
    ]
    assert found.facts == (
        MetadataChange("Section", "City", ""),
        MetadataChange("Modified", "2026-05-04T08:00:00Z", "2026-05-04T09:00:00Z"),
    )


@pytest.mark.parametrize(
    ("newer", "kinds"),
    [
        (version(*TEXT[1:]), ["body"]),
        (version(*TEXT, headline="Harbour opened", authors=("Jo Li",)), ["headline", "byline"]),
        (version(*TEXT, section="World"), ["section"]),
        (version(*TEXT, image_caption="The quay"), ["caption"]),
        (version(*TEXT, NOTE), ["correction"]),
        (version(*TEXT, modified=LATER, tags=("sea",)), []),
    ],
)
def test_kinds_of_change_are_told_apart(newer: VersionView, kinds: list[str]) -> None:
    """As the records of versions name them; dates and tags are none."""
    assert [kind.value for kind in compare_versions(version(*TEXT), newer).changed] == kinds


def test_text_that_was_silently_removed_is_told() -> None:
    """The paragraph is shown as removed, and no notice is claimed."""
    found = compare_versions(version(*TEXT), version(*TEXT[:-1]))
    assert (found.count(RowKind.REMOVED), found.notice.verdict) == (1, EditVerdict.SILENT)
