"""newsarchive extract."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.cli.options import Json, parse_time
from newsarchive.cli.output import stderr, stdout, to_json
from newsarchive.cli.render_explanation import print_explanation
from newsarchive.explain.explanation import Explanation, explain
from newsarchive.explain.report import render_report
from newsarchive.extract import extract_page
from newsarchive.extract.page_input import PageInput
from newsarchive.extract.serialize import reading_to_json
from newsarchive.extract.site_layout import NO_LAYOUTS
from newsarchive.ingest.site_layouts import find_layouts


def extract(  # noqa: PLR0913 - every word is an option of the command line
    file: Annotated[str, typer.Argument(metavar="FILE", help="Saved HTML page; - for standard input.")],
    *,
    url: Annotated[str, typer.Option(help="URL of the page, against which links are resolved.")],
    why: Annotated[
        bool, typer.Option("--explain", help="Explain the source of each field and the role of each line.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write the explanation to an HTML file: the whole page with its lines marked.",
        ),
    ] = None,
    fetched: Annotated[
        str | None,
        typer.Option(metavar="DATE", help='When the page was fetched: for "3 hours ago", and for layouts with dates.'),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(metavar="SITE", help="Use the layouts of this site; by default those of the URL's site."),
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--archive",
            "-A",
            metavar="DIR",
            envvar="NEWSARCHIVE_DIR",
            help="Archive whose settings have the site layouts.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Extract the article from one saved page.

    Needs no archive. Prints one JSON object: page kind, reason, confidence, and the fields of `export` except those
    that only an archive knows. In an archive's folder, its site layouts are used.
    """
    known = find_layouts(url, archive, site)
    asked = PageInput(layouts=known[1] if known else NO_LAYOUTS, fetched_at=parse_time(fetched, "--fetched"))
    payload = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    if not why and html is None:
        reading = extract_page(payload, url, page_input=asked)
        line = reading_to_json(reading)
        head = {name: line.pop(name) for name in ("outcome", "reason")}
        print(to_json({"url": url, **head, "confidence": reading.confidence, **line}))
        return
    explanation = explain(payload, url, asked)
    if html is not None:
        html.write_text(render_report(explanation), "utf-8")
    if json:
        print(to_json({"url": url, "site": known[0] if known else None, **_explanation_fields(explanation)}))
    elif why:
        print_explanation(stdout(), explanation)
    if html is not None:
        stderr().print(f"Explanation written to {html}", soft_wrap=True)


def _explanation_fields(explanation: Explanation) -> dict[str, object]:
    reading = explanation.reading
    return {
        "outcome": reading.outcome,
        "reason": reading.reason,
        "confidence": reading.confidence,
        "weight": round(explanation.score, 2),
        "enough": explanation.threshold,
        "weights": [{"points": points, "what": what} for points, what in explanation.score_parts],
        "fields": explanation.fields,
        "lines": explanation.lines,
        "links": explanation.groups,
        "layout": explanation.matches,
    }
