"""Rendering of articles without a terminal, line by line."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from textwrap import dedent
from typing import Any

import pytest

from newsarchive.cli import render_article as render
from newsarchive.cli.output import stdout
from newsarchive.diff.articles import compare_versions
from storage.article_fields import ParagraphView
from storage.index.queries.links import Backlink
from storage.index.queries.visit_schedule import VisitSchedule
from storage.index.views.articles import (
    ArticleLine,
    ArticleView,
    BoilerplateView,
    CaptureView,
    LinkGroupView,
    LinkView,
    VersionLine,
    VersionView,
)
from storage.model import LinkKind, Outcome, RecordPlace, Role, VisitEnd
from storage.observations import MetadataEvent, ObservedSpan, ObservedState
from storage.page_date import PageDate

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
URL = "https://news.example/2026/harbour"

CAPTURE = CaptureView(
    id=3,
    url=URL,
    urlkey="example,news)/2026/harbour",
    site="news",
    record_id="urn:uuid:1",
    place=RecordPlace(warc="news-1.warc.gz", offset=512, length=2048),
    kind="response",
    fetched_at=AT,
    date="2026-05-04T08:00:00Z",
    status=200,
    mime="text/html",
    payload_digest="sha256:" + "ab" * 32,
    payload_size=9000,
    truncated=None,
    outcome=Outcome.ARTICLE,
    reason="",
    title=None,
    entries=0,
    redirect_url=None,
    refers_to=None,
    refers_to_id=None,
    crawl="r1",
    article_id=17,
    version_id=31,
    version_number=1,
)


def paragraph(role: Role, text: str, *, boilerplate: bool = False) -> ParagraphView:
    """One paragraph."""
    return ParagraphView(role=role, text=text, boilerplate=boilerplate)


GROUP = LinkGroupView(
    kind=LinkKind.RELATED,
    label="Read also",
    links=tuple(
        LinkView(url=f"{URL}/{number}", anchor=f"Story {number}", article_id=number or None) for number in range(7)
    ),
)

VERSION = VersionView(
    id=31,
    article_id=17,
    number=1,
    site="news",
    url=URL,
    canonical_url=URL,
    headline="Harbour opens [again]",
    dek="After nine years",
    authors=("Ada Berg", "Jo Li"),
    published=PageDate.from_time(AT),
    published_source="json-ld",
    modified=None,
    modified_source=None,
    section="City",
    tags=("harbour", "ships"),
    language="en",
    image=None,
    image_caption=None,
    access=None,
    live_blog=False,
    noarchive=False,
    extractor="2",
    digest="sha256:1",
    first_seen=AT,
    last_seen=AT,
    all_paragraphs=(
        paragraph(Role.DEK, "After nine years"),
        paragraph(Role.TEXT, "The harbour opened\x1b[2J on Monday."),
        paragraph(Role.HEADING, "Ships"),
        paragraph(Role.QUOTE, "We waited."),
        paragraph(Role.LIST, "one\ntwo"),
        paragraph(Role.CAPTION, "The quay"),
        paragraph(Role.CORRECTION, "An earlier version had another date."),
        paragraph(Role.BYLINE, "By Ada Berg"),
        paragraph(Role.DISCLAIMER, "Written with care.", boilerplate=True),
    ),
    links=(GROUP,),
    capture=CAPTURE,
)


def span(version: int | None, at: datetime, **given: Any) -> ObservedSpan:
    """Return a span that was seen at one time."""
    usual: dict[str, Any] = {"state": ObservedState.SHOWN, "looks": 1}
    return ObservedSpan(version=version, first_seen=at, last_seen=at, **(usual | given))


ARTICLE = ArticleView(
    id=17,
    site="news",
    url=URL,
    state="live",
    first_seen=AT,
    last_seen=AT,
    current=VERSION,
    versions=(
        VersionLine(
            id=31, number=1, headline="Harbour opens [again]", digest="1", first_seen=AT, last_seen=AT, captures=1
        ),
        VersionLine(id=32, number=2, headline="Harbour open", digest="2", first_seen=AT, last_seen=AT, captures=2),
    ),
    captures=(CAPTURE,),
    history=(
        span(1, AT, looks=1),
        span(2, AT + timedelta(hours=1), looks=2, changed=("headline", "byline")),
        span(None, AT + timedelta(hours=3), state=ObservedState.GONE),
        span(1, AT + timedelta(hours=4), changed=("headline", "byline"), is_changed_back=True, is_back=True),
    ),
    metadata_changes=(MetadataEvent("tags", "sea", None, AT, AT + timedelta(hours=1), "urn:1", "urn:2"),),
)
BACKLINK = Backlink(
    article=ArticleLine(
        id=4,
        site="news",
        url=URL,
        headline="Quays",
        dek=None,
        section=None,
        published=None,
        first_seen=AT,
        state="live",
        versions=1,
    ),
    kind=LinkKind.INLINE,
    label="",
    anchor="Quays",
)


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the output without the spaces that fill the columns."""
    return "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines()) + "\n"


def test_an_article_is_printed_with_roles_and_folded_boilerplate(capsys: pytest.CaptureFixture[str]) -> None:
    """Metadata, text with roles, folded boilerplate, shortened links; markup and escape sequences have no effect."""
    render.print_head(stdout(), ARTICLE)
    render.print_text(stdout(), VERSION)
    render.print_links(stdout(), VERSION.links)
    assert shown(capsys) == dedent(
        """\
        Harbour opens [again]
        After nine years

        article    17 · news · live
        url        https://news.example/2026/harbour
        authors    Ada Berg, Jo Li
        published  2026-05-04 08:00 UTC, by json-ld
        section    City
        tags       harbour, ships
        language   en
        notes      1 correction
        archived   2 versions, 1 capture, 2026-05-04 08:00 to 2026-05-04 08:00 UTC, read by extractor 2

        [correction] An earlier version had another date.

        The harbour opened\ufffd[2J on Monday.

        Ships

            We waited.

          - one
          - two

        [caption] The quay

        (2 paragraphs folded: byline 1, boilerplate 1; --all shows them)

        Read also (related, 7 links)
               Story 0
            1  Story 1
            2  Story 2
            3  Story 3
            4  Story 4
               and 2 more: --related shows them
        """
    )


def test_everything_shows_boilerplate_and_all_links(capsys: pytest.CaptureFixture[str]) -> None:
    """--all shows boilerplate, marked; --related shows all links and backlinks."""
    render.print_text(stdout(), VERSION, everything=True)
    render.print_links(stdout(), [GROUP], everything=True)
    render.print_backlinks(stdout(), [BACKLINK])
    out = shown(capsys)
    assert "[boilerplate, disclaimer] Written with care." in out
    assert "    6  Story 6" in out
    assert out.endswith("Linked from (1 article)\n    4  Quays\n")


def test_versions_and_captures(capsys: pytest.CaptureFixture[str]) -> None:
    """Tables of versions and captures, with the next command."""
    render.print_versions(stdout(), ARTICLE)
    render.print_captures(stdout(), ARTICLE)
    lines = [" ".join(line.split()) for line in shown(capsys).splitlines()]
    assert lines == [
        "seen from (UTC) to (UTC) captures what changed",
        "version 1 2026-05-04 08:00 2026-05-04 08:00 1",
        "version 2 2026-05-04 09:00 2026-05-04 09:00 2 headline, byline",
        "gone 2026-05-04 11:00 2026-05-04 11:00 1",
        "version 1 2026-05-04 12:00 2026-05-04 12:00 1 back; changed back: headline, byline",
        "version 1: Harbour opens [again]",
        "version 2: Harbour open",
        "What stood between the end of one line and the start of the next is not known.",
        "tags changed from sea to none, between 2026-05-04 08:00 and 2026-05-04 09:00 UTC",
        "",
        "To compare: newsarchive show 17 --diff 1 2",
        "fetched (UTC) status kind version file offset length payload",
        "2026-05-04 08:00 200 response 1 1 512 2048 abababab",
        "file 1: news-1.warc.gz",
    ]


def test_a_comparison_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Without colour, words are marked as by `git diff --word-diff`; unchanged paragraphs are counted."""
    lines = ["One paragraph stays here.", "The harbour opened on Monday morning.", "Last."]
    older, newer = (
        replace(
            VERSION, dek=None, authors=(), section=section, all_paragraphs=tuple(paragraph(Role.TEXT, t) for t in text)
        )
        for section, text in (
            ("Coast", lines),
            ("Sea", [lines[0], "The harbour opened on Tuesday morning.", lines[2], "New."]),
        )
    )
    render.print_comparison(stdout(), compare_versions(older, newer))
    assert shown(capsys) == dedent(
        """\
          (2 paragraphs unchanged)
        The harbour opened on [-Monday-]{+Tuesday+} morning.
          (1 paragraph unchanged)
        {+New.+}
        Section: Coast -> Sea
        (silent: with neither a note nor a later date)
        """
    )
    newer = replace(older, all_paragraphs=(*older.all_paragraphs[1:], older.all_paragraphs[0]))
    render.print_comparison(stdout(), compare_versions(older, newer))
    assert "(moved) One paragraph stays here.\n" in capsys.readouterr().out


def test_boilerplate_of_a_site_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Learnt boilerplate is shown with its counts, share and dates."""
    learnt = BoilerplateView(
        site="news", text="Care.", articles_seen=12, articles=48, first_seen=AT, last_seen=AT, verdict=True
    )
    render.print_boilerplate(stdout(), [learnt, replace(learnt, text="Background.", verdict=False)])
    assert [line.split() for line in shown(capsys).splitlines()] == [
        ["site", "articles", "share", "since", "last", "left", "out", "paragraph"],
        ["news", "12", "of", "48", "25%", f"{AT:%Y-%m-%d}", f"{AT:%Y-%m-%d}", "yes", "Care."],
        [],
        "(1 paragraph shared by a few articles, not boilerplate: --all shows them)".split(),
    ]


def test_an_empty_list_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """An archive without boilerplate says when it is learnt, or that none was found."""
    render.print_boilerplate(stdout(), [])
    assert "from the second article on" in shown(capsys)
    background = BoilerplateView(
        site="news", text="Background.", articles_seen=2, articles=48, first_seen=AT, last_seen=AT, verdict=False
    )
    render.print_boilerplate(stdout(), [background])
    assert shown(capsys).splitlines() == [
        "No paragraph is classified as boilerplate",
        "",
        "(1 paragraph shared by a few articles, not boilerplate: --all shows them)",
    ]


def schedule(**facts: object) -> VisitSchedule:
    usual: dict[str, object] = {
        "url": "https://news.example/a", "due_at": None, "ended_by": None, "named_by": (), "last_fetched_at": None,
        "outcome": None, "reason": "",
    }  # fmt: skip
    return VisitSchedule(**(usual | facts))  # type: ignore[arg-type]  # the dict's values have the fields' types


def test_the_head_says_when_an_article_is_fetched_again(capsys: pytest.CaptureFixture[str]) -> None:
    """With the sources that name it, which is why it is fetched."""
    due = datetime(2026, 3, 1, 12, tzinfo=UTC)
    named = ("https://news.example/feed", "https://news.example/world")
    render.print_head(stdout(), ARTICLE, schedule(due_at=due, named_by=named))
    assert "fetched again from 2026-03-01 12:00 UTC, named by https://news.example/feed and 1 other source" in (
        capsys.readouterr().out
    )


def test_the_head_counts_captures_that_are_not_of_the_article(capsys: pytest.CaptureFixture[str]) -> None:
    """An earlier one of a page that was no article, or a later 404: the times of the versions do not have it."""
    placeholder = replace(CAPTURE, outcome=Outcome.EMPTY, version_id=None, version_number=None)
    render.print_head(stdout(), ARTICLE)
    assert "2 versions, 1 capture, 2026" in capsys.readouterr().out
    render.print_head(stdout(), replace(ARTICLE, captures=(placeholder, CAPTURE)))
    assert "2 versions, 2 captures (1 without a version), 2026" in capsys.readouterr().out


@pytest.mark.parametrize("end", [*VisitEnd, None])
def test_the_head_says_what_ended_the_visits(end: VisitEnd | None, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of the plan, a confirmed 410, or another: each has its sentence."""
    render.print_head(stdout(), ARTICLE, schedule(ended_by=end))
    line = re.search(r"not fetched again: .+", capsys.readouterr().out)
    assert line is not None
    others = {render.describe_schedule(schedule(ended_by=other)) for other in (*VisitEnd, None) if other is not end}
    assert line[0] not in others
    assert ("410" in line[0]) is (end is VisitEnd.GONE)
