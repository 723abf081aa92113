"""newsarchive search."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Annotated

from rich.text import Text
from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Author, Folder, Section, Since, SiteName, Until
from newsarchive.cli.output import print_lines, print_result, safe_text, sanitize, short_time, stderr, stdout
from newsarchive.config.units import pluralize
from storage.index.search.results import search_articles
from storage.index.views.articles import Filters, Order, SearchHit, SearchPage, TextSegment

_NAMES_IN_JSON = {"article_id": "article", "number": "version"}
_OMITTED = frozenset({"version_id", "matching", "captured", "image", "image_caption"})


def search(  # noqa: PLR0913 - every word is an option of the command line
    query: Annotated[list[str], Argument(help='Words, "phrases", prefixes* and -exclusions: newsarchive help search.')],
    *,
    site: SiteName = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    section: Section = None,
    order: Annotated[Order, Option(help="Order of hits.")] = "newest",
    limit: Annotated[int, Option(min=1, max=1000, help="Number of hits to show.")] = 20,
    offset: Annotated[int, Option(min=0, max=1_000_000_000, help="Number of hits to skip.")] = 0,
    stories: Annotated[bool, Option("--stories", help="List copies on other sites under the oldest, as one.")] = False,
    archive: Folder = HERE,
) -> None:
    """Search articles by words.

    All words must match, in any inflection: tariff finds tariffs, zurich finds Zürich. Enclose a query with quotes,
    asterisks or a minus in single quotes.
    """
    words, chosen = " ".join(query), {"site": site, "since": since, "until": until, "author": author}
    with Archive.open_to_read(archive) as opened:
        filters = opened.build_filters(Filters, "--", **chosen, section=section)
        opened.index.update_search()
        page = opened.index.ask(search_articles, words, filters, limit=limit, offset=offset, order=order, fold=stories)
    print_result(page_fields(page), lambda: _print(page, words, offset))


def _print(page: SearchPage, words: str, offset: int) -> None:
    out, remarks = stdout(), stderr()
    print_lines(remarks, page.problems, "Note: ")
    out.print(safe_text(f"{pluralize(page.total, 'article')} for {words}"))
    if page.suggestion:
        remarks.print(safe_text(f"Did you mean: {page.suggestion}"))
    for hit in page.hits:
        out.print()
        out.print(Text(f"{hit.article_id:>5}  ", style="cyan").append_text(highlight(hit.headline, "bold")))
        date = hit.published.describe() if hit.published else f"first seen {short_time(hit.first_seen)} UTC"
        facts = [date, hit.site, ", ".join(hit.authors), hit.section or ""]
        facts += [pluralize(hit.versions, "version")] if hit.versions > 1 else []
        facts += [hit.state] if hit.state != "live" else []
        facts += [f"in {pluralize(hit.papers, 'other paper')}"] if hit.papers else []
        out.print(safe_text("       " + " · ".join(filter(None, facts)), "dim"))
        out.print(Text("       ").append_text(highlight(hit.snippet)))
    if page.hits and (shown := offset + len(page.hits)) < page.total:
        out.print(f"\nMore: --offset {shown}")


def highlight(segments: Iterable[TextSegment], style: str = "") -> Text:
    """Return text with matches highlighted: by colour on a terminal, else by guillemets."""
    colour = stdout().is_terminal
    text = Text()
    for segment in segments:
        found = sanitize(segment.text) if colour or not segment.is_match else f"«{sanitize(segment.text)}»"
        text.append(found, "bold yellow" if segment.is_match else style or None)
    return text


def page_fields(page: SearchPage) -> dict[str, object]:
    """Return a page of hits for JSON: texts as strings, with the positions of matches in them."""
    names = [each.name for each in fields(SearchHit) if each.name not in _OMITTED]
    hits = [
        {_NAMES_IN_JSON.get(name, name): getattr(hit, name) for name in names}
        | _text_with_matches("headline", hit.headline)
        | _text_with_matches("snippet", hit.snippet)
        for hit in page.hits
    ]
    counts = {"total": page.total, "articles": page.articles}
    return {**counts, "suggestion": page.suggestion, "problems": page.problems, "hits": hits}


def _text_with_matches(name: str, segments: Iterable[TextSegment]) -> dict[str, object]:
    text, marks = "", []
    for segment in segments:
        if segment.is_match:
            marks.append([len(text), len(text) + len(segment.text)])
        text += segment.text
    return {name: text, f"{name}_matches": marks}
