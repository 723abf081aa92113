"""newsarchive extract."""

import sys
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from typer import Argument, Option

from newsarchive.cli.output import AS_JSON, require_json, sanitize, stderr, stdout, to_json
from newsarchive.cli.render_explanation import print_explanation
from newsarchive.config.units import parse_time
from newsarchive.explain.explanation import Explanation, explain
from newsarchive.explain.report import render_report
from newsarchive.extract import extract_page
from newsarchive.extract.page_input import UNKNOWN_HOST, UNKNOWN_URL, PageInput
from newsarchive.extract.serialize import reading_to_json, reading_to_text
from newsarchive.extract.site_layout import NO_LAYOUTS
from newsarchive.ingest.page_files import SUFFIXES, list_files, parse_page_file
from newsarchive.ingest.site_layouts import find_layouts
from storage.errors import ConfigError

Format: TypeAlias = Literal["json", "jsonl", "txt", "md", "xml"]


def extract(  # noqa: PLR0913 - every word is an option of the command line
    files: Annotated[list[Path], Argument(metavar="FILE...", help="Saved pages, folders of them, or - (stdin).")],
    *,
    url: Annotated[str | None, Option(help="URL of the page; by default the one that the file states.")] = None,
    form: Annotated[Format, Option("--format", help="json, jsonl: all fields; others: the text.")] = "json",
    why: Annotated[bool, Option("--explain", help="Explain each field, and the role of each line.")] = False,
    html: Annotated[Path | None, Option(metavar="FILE", help="Write the explanation as an HTML page.")] = None,
    fetched: Annotated[str | None, Option(metavar="DATE", help='Time of the fetch, for "3 hours ago".')] = None,
    site: Annotated[str | None, Option(metavar="SITE", help="Use the layouts of this site.")] = None,
    archive: Annotated[
        Path | None,
        Option("--archive", "-A", metavar="DIR", envvar="NEWSARCHIVE_DIR", help="Archive that has the layouts."),
    ] = None,
) -> None:
    """Extract the article from saved pages.

    Reads HTML, SingleFile's HTML and MHTML; needs no archive. By default prints a JSON object for each page: kind,
    reason, confidence, and the fields of `export` without those that only an archive has. In the folder of an archive,
    its site layouts are used.
    """
    require_json(form)
    named = list(list_files(files, SUFFIXES))
    if (why or html or url) and len(named) != 1:
        raise ConfigError("--url, --explain and --html are for a single page; nothing was read. Name one file")
    for file in named:
        page = parse_page_file(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())[0]
        at = url or page.url or _find_named_url(page.payload)
        known = find_layouts(at, archive, site)
        fetched_at = parse_time(fetched, "--fetched") or page.saved_at
        asked = PageInput(layouts=known[1] if known else NO_LAYOUTS, fetched_at=fetched_at)
        if why or html:
            _explain(explain(page.payload, at, asked), html, known[0] if known else None, why=why)
            continue
        reading = extract_page(page.payload, at, page_input=asked)
        head = {"url": at, "outcome": "", "reason": "", "confidence": reading.confidence}  # in this order
        said = to_json(head | reading_to_json(reading)) if "json" in form else sanitize(reading_to_text(reading, form))
        print(said.replace(UNKNOWN_URL, "").replace(UNKNOWN_HOST, "/"))


def _find_named_url(payload: bytes) -> str:
    """Return the URL that a page names as its own, or one that is not printed, so that links are relative."""
    article = extract_page(payload, UNKNOWN_URL).article
    return article.canonical_url if article else UNKNOWN_URL


def _explain(explained: Explanation, html: Path | None, site: str | None, *, why: bool) -> None:
    if AS_JSON.get():
        reading = explained.reading
        fields = {
            "url": explained.url, "site": site, "outcome": reading.outcome, "reason": reading.reason,
            "confidence": reading.confidence, "weight": round(explained.score, 2), "enough": explained.threshold,
            "weights": [{"points": points, "what": what} for points, what in explained.score_parts],
            "fields": explained.fields, "lines": explained.lines, "links": explained.groups,
            "layout": explained.matches,
        }  # fmt: skip
        print(to_json(fields))
    elif why:
        print_explanation(stdout(), explained)
    if html is not None:
        html.write_text(render_report(explained), "utf-8")
        stderr().print(f"Explanation written to {html}", soft_wrap=True)
