"""newsarchive search."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Author, Folder, Json, Section, Since, SiteName, Until, moment
from newsarchive.cli.output import as_json, cell, counted, day, plain, stderr, stdout
from storage.index.views.articles import Filters, Hit, SearchPage, Segment

MATCH = "bold yellow"


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    RANK = "rank"


def search(  # noqa: PLR0913 - every word is an option of the command line
    query: Annotated[
        list[str], typer.Argument(help="Words; docs/search.md tells of phrases, beginnings* and -exclusion.")
    ],
    *,
    site: SiteName = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    section: Section = None,
    order: Annotated[Order, typer.Option(help="What comes first.")] = Order.NEWEST,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="How many to leave out first.")] = 0,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Find articles by their words.

    All words must be there, in any form: tariff finds tariffs, zurich finds Zürich. Put a query with quotes, asterisks
    or a minus into single quotes.
    """
    filters = Filters(
        site=site, since=moment(since, "--since"), until=moment(until, "--until"), author=author, section=section
    )
    words = " ".join(query)
    with Archive.open_to_read(archive) as opened:
        page = opened.search(words, filters, limit=limit, offset=offset, order=order.value)
    if json:
        print(as_json(as_object(page)))
    else:
        _print(page, words, offset)


def _print(page: SearchPage, words: str, offset: int) -> None:
    out, remarks = stdout(), stderr()
    for problem in page.problems:
        remarks.print(cell(f"Note: {problem}"))
    at_least = "" if page.exact else "at least "
    out.print(cell(f"{at_least}{counted(page.total, 'article')} for {words}"))
    for hit in page.hits:
        out.print()
        out.print(headline(hit))
        facts = [day(hit.published or hit.first_seen), hit.site, ", ".join(hit.authors), hit.section or ""]
        facts += [counted(hit.versions, "version")] if hit.versions > 1 else []
        facts += [hit.state] if hit.state != "live" else []
        out.print(cell("       " + " · ".join(filter(None, facts)), "dim"))
        out.print(Text("       ").append_text(marked(hit.snippet)))
    shown = offset + len(page.hits)
    if page.hits and (shown < page.total or not page.exact):
        out.print(f"\nMore: --offset {shown}")


def headline(hit: Hit) -> Text:
    """The line that names a hit: the number to `show` it by, and its headline."""
    return Text(f"{hit.article_id:>5}  ", style="cyan").append_text(marked(hit.headline, "bold"))


def marked(segments: Iterable[Segment], style: str = "") -> Text:
    """Text with what was searched for made visible: by colour on a terminal, by guillemets in a log."""
    colour = stdout().is_terminal
    text = Text()
    for segment in segments:
        found = plain(segment.text) if colour or not segment.is_match else f"«{plain(segment.text)}»"
        text.append(found, MATCH if segment.is_match else style or None)
    return text


def as_object(page: SearchPage) -> dict[str, object]:
    """A page of hits for programs: texts as strings, with the places of what was found in them."""
    return {
        "total": page.total,
        "exact": page.exact,
        "problems": page.problems,
        "hits": [
            {
                "article": hit.article_id,
                "url": hit.url,
                "site": hit.site,
                **_text("headline", hit.headline),
                **_text("snippet", hit.snippet),
                "dek": hit.dek,
                "authors": hit.authors,
                "section": hit.section,
                "language": hit.language,
                "published": hit.published,
                "first_seen": hit.first_seen,
                "state": hit.state,
                "version": hit.number,
                "versions": hit.versions,
            }
            for hit in page.hits
        ],
    }


def _text(name: str, segments: Iterable[Segment]) -> dict[str, object]:
    text, marks = "", []
    for segment in segments:
        if segment.is_match:
            marks.append([len(text), len(text) + len(segment.text)])
        text += segment.text
    return {name: text, f"{name}_matches": marks}
