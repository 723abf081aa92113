"""A rebuild reads old pages by the layouts valid when they were fetched, and new ones by the present ones."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.archive import Archive
from newsarchive.version import EXTRACTOR
from storage.index.queries.export import iter_export_lines
from storage.index.write.replace_readings import RereadFilter
from tests.rebuilding import rebuild

OLD, NEW = datetime(2025, 3, 1, 6, tzinfo=UTC), datetime(2025, 9, 1, 6, tzinfo=UTC)
LONG = "Paragraph {} of {} says at some length what the harbour board decided on Monday, and why, and for how long."
CONFIG = """
[[site]]
name = "courier"
url = "https://courier.example/"

[[site.layout]]
until = 2025-06-30
headline = "h2.old"
body = "div.left"
section = "div.rubric"

[[site.layout]]
from = 2025-06-30
headline = "//h2[@class='new']"
body = "div.right"
drop = [".poll"]
"""


def page(name: str) -> dict[str, Any]:
    """A page that prints all that both layouts name."""
    columns = "".join(
        f'<div class="{side}">' + "".join(f"<p>{LONG.format(number, side)}</p>" for number in range(8)) + "</div>"
        for side in ("left", "right")
    )
    body = (
        f'<html lang="en"><head><title>{name}</title><meta property="og:type" content="article">'
        '<meta property="article:published_time" content="2025-01-01T06:00:00Z"></head><body><main>'
        f'<h1>{name}</h1><h2 class="old">Old {name}</h2><h2 class="new">New {name}</h2>'
        f'<div class="rubric">Harbour</div>'
        f'<div class="poll"><p>{LONG.format("", "the poll")}</p></div>{columns}</main></body></html>'
    )
    return {"url": f"https://courier.example/2025/01/{name}-of-the-harbour-board", "body": body.encode()}


def told(archive: Archive) -> dict[str, tuple[str, str | None, set[str]]]:
    """Headline, section and the sides of the page that are body, by URL."""
    sides = ("left", "right", "the poll")
    return {
        line["url"].rpartition("/")[2]: (
            line["headline"], line["section"], {side for side in sides if f"of {side} says" in line["body"]},
        )
        for line in archive.index.stream(iter_export_lines, all_versions=True)
    }  # fmt: skip


def test_each_page_is_read_by_the_rules_of_its_day(archive_of: Callable[..., Archive]) -> None:
    """As it comes in, after a rebuild, and when all is read again; new rules for the past reach only the past."""
    archive = archive_of({**page("first"), "at": OLD}, {**page("second"), "at": NEW}, config=CONFIG)
    expected = {
        "first-of-the-harbour-board": ("Old first", "Harbour", {"left"}),
        "second-of-the-harbour-board": ("New second", None, {"right"}),
    }
    assert told(archive) == expected
    rebuild(archive)
    assert told(archive) == expected
    folder = archive.folder
    archive.close()
    settings = folder / "newsarchive.toml"
    settings.write_text(settings.read_text().replace('headline = "h2.old"', 'headline = "h1"'))
    with Archive.open(folder) as again:
        assert told(again) == expected
        assert again.reextract(RereadFilter(extractor=EXTRACTOR)).articles == {"headline": 1}
        changed = expected | {"first-of-the-harbour-board": ("first", "Harbour", {"left"})}
        assert told(again) == changed
        assert again.reextract(RereadFilter(extractor=EXTRACTOR)).captures == 0
        rebuild(again)
        assert told(again) == changed
        assert again.reextract(RereadFilter(extractor=EXTRACTOR)).captures == 0


def test_no_reading_depends_on_the_index(archive_of: Callable[..., Archive]) -> None:
    """A page of a further host of the site, imported before the site was ever crawled, is read by its layouts."""
    below = str(page("first")["url"]).replace("courier.example", "www.live.courier.example")
    archive = archive_of({**page("first"), "url": below, "at": NEW}, config=CONFIG)
    assert [line["headline"] for line in archive.index.stream(iter_export_lines)] == ["New first"]
    elsewhere = archive_of({**page("first"), "url": below.replace("courier", "other"), "at": NEW}, config=CONFIG)
    assert [line["headline"] for line in elsewhere.index.stream(iter_export_lines)] == ["first"]


@pytest.mark.parametrize("is_edited", [True, False])
def test_an_edit_across_the_change_is_one_article(
    archive_of: Callable[..., Archive], dump: Any, *, is_edited: bool
) -> None:
    """One address, fetched on both sides of the change: two versions, each by its own rules, also after a rebuild.

    Of the same bytes the newer reading counts alone: the publisher has edited nothing.
    """
    old = page("first")
    new = {**old, "body": old["body"].replace(b"</main>", b"</main><footer>2025</footer>")} if is_edited else old
    archive = archive_of({**old, "at": OLD}, {**new, "at": NEW}, config=CONFIG)
    lines = sorted(
        (line["headline"], line["section"], line["versions"])
        for line in archive.index.stream(iter_export_lines, all_versions=True)
    )
    expected = [("New first", None, 2), ("Old first", "Harbour", 2)]
    assert lines == (expected if is_edited else [("New first", None, 1)])
    before = dump(archive.index)
    rebuild(archive)
    assert dump(archive.index) == before


def test_reading_again_reports_its_progress(archive_of: Callable[..., Archive]) -> None:
    """Captures that are done, of how many, and the last one's URL."""
    archive = archive_of({**page("first"), "at": OLD}, {**page("second"), "at": NEW}, config=CONFIG)
    told: list[tuple[int, int, str]] = []
    archive.reextract(RereadFilter(extractor=EXTRACTOR, everything=True), progress=lambda *step: told.append(step))
    assert [(done, total) for done, total, _ in told] == [(2, 2)]
    assert told[0][2] in {str(page("first")["url"]), str(page("second")["url"])}
