"""newsarchive extract."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.cli.explained import explained
from newsarchive.cli.options import Json, moment
from newsarchive.cli.output import as_json, stderr, stdout
from newsarchive.explain.explanation import Explanation, explain
from newsarchive.explain.report import proof
from newsarchive.extract import extract_page
from newsarchive.extract.page_input import Asked
from newsarchive.extract.serialize import as_json as as_object
from newsarchive.extract.site_layout import NO_LAYOUTS
from newsarchive.ingest.site_layouts import layouts_for


def extract(  # noqa: PLR0913 - every word is an option of the command line
    file: Annotated[str, typer.Argument(metavar="FILE", help="A saved HTML page; - for standard input.")],
    *,
    url: Annotated[str, typer.Option(help="Where the page was: links are resolved against it.")],
    why: Annotated[
        bool, typer.Option("--explain", help="Say what gave each field, and each line of the page its role.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write that into an HTML file: the whole page, each line marked."),
    ] = None,
    fetched: Annotated[
        str | None,
        typer.Option(metavar="DATE", help='When the page was fetched: for "3 hours ago", and which layouts hold.'),
    ] = None,
    site: Annotated[
        str | None, typer.Option(metavar="SITE", help="Read it by this site's layouts; else by those of its host's.")
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--archive", "-A", metavar="DIR", envvar="NEWSARCHIVE_DIR", help="Whose settings have the site's layouts."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Read one saved page, without an archive.

    Prints one JSON object with the fields of `export`, the archive's own apart, and what the page was taken for, why,
    and how sure that is. In an archive's folder, the layouts that its settings have for the page's site hold.
    """
    known = layouts_for(url, archive, site)
    asked = Asked(layouts=known[1] if known else NO_LAYOUTS, fetched_at=moment(fetched, "--fetched"))
    payload = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    if not why and html is None:
        reading = extract_page(payload, url, asked=asked)
        line = as_object(reading)
        head = {name: line.pop(name) for name in ("outcome", "reason")}
        print(as_json({"url": url, **head, "confidence": reading.confidence, **line}))
        return
    told = explain(payload, url, asked)
    if html is not None:
        html.write_text(proof(told), "utf-8")
    if json:
        print(as_json({"url": url, "site": known[0] if known else None, **_object(told)}))
    elif why:
        explained(stdout(), told)
    if html is not None:
        stderr().print(f"The page, marked, is in {html}", soft_wrap=True)


def _object(told: Explanation) -> dict[str, object]:
    reading = told.reading
    return {
        "outcome": reading.outcome,
        "reason": reading.reason,
        "confidence": reading.confidence,
        "weight": round(told.weight, 2),
        "enough": told.enough,
        "weights": [{"points": points, "what": what} for points, what in told.weights],
        "fields": told.fields,
        "lines": told.lines,
        "links": told.groups,
        "layout": told.matches,
    }
