"""newsarchive export."""

import functools
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Exit, Option

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Author, Folder, Section, Since, SiteName, Until, Withheld
from newsarchive.cli.output import print_line, print_result, require_json, show_progress, stderr
from newsarchive.cli.show import find_article
from newsarchive.config.units import pluralize
from newsarchive.export.articles import write_placements
from newsarchive.export.formats import FORMATS, Format, FormatInfo
from newsarchive.export.request import NAMES_WITHHELD, ExportRequest, MissedCaptures
from newsarchive.maintenance.export_log import note_export
from storage.errors import ArchiveError, ConfigError, ExportIncomplete, ExportWithheld
from storage.index.queries.articles import get_article
from storage.index.search.results import search_articles
from storage.index.views.articles import Filters
from storage.places.folder import open_atomic

DESCRIPTIONS = "; ".join(
    f"{name}: {each.description[0].lower()}{each.description[1:]}" for name, each in FORMATS.items()
)


def export(  # noqa: PLR0913 - every word is an option of the command line
    *,
    into: Annotated[Path | None, Option("--output", "-o", metavar="FILE", help="File; by default stdout.")] = None,
    format_: Annotated[
        Format | None, Option("--format", help=f"Format; by default by the suffix of FILE, else jsonl. {DESCRIPTIONS}.")
    ] = None,
    all_versions: Annotated[bool, Option("--all-versions", help="Export every version, not only the latest.")] = False,
    site: SiteName = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    section: Section = None,
    query: Annotated[str | None, Option(metavar="WORDS", help="Only articles that this search finds.")] = None,
    article: Annotated[list[str] | None, Option(metavar="ID|URL", help="Only this article; may be repeated.")] = None,
    placements: Annotated[bool, Option("--placements", help="Export positions on front pages, with times.")] = False,
    partial: Annotated[bool, Option("--partial", help="Leave out damaged, missing and withheld captures.")] = False,
    withheld: Withheld = False,
    archive: Folder = HERE,
) -> None:
    """Export articles or records for other programs.

    For the formats: newsarchive help export. With -o the file appears, or replaces the old one, when the export is
    complete. Exits with 65 if captures could not be copied, and with 77 if a named article is withheld, or
    records name a page that is; then no file is written, unless --partial.
    """
    info, missed = _choose_format(format_, into), MissedCaptures()
    chosen = {"site": site, "since": since, "until": until, "author": author, "section": section, "query": query}
    if placements:
        given = {"article": article, "all-versions": all_versions, "author": author, "section": section, "query": query}
        info = _choose_placements(info, [f"--{name}" for name, value in given.items() if value])
    with Archive.open_to_read(archive) as opened:
        named = [find_article(opened, each) for each in article or ()]
        filters = opened.build_filters(Filters, "--", **chosen, articles=tuple(each.id for each in named) or None)
        rules = AccessRules() if withheld else AccessRules.from_config(opened.config).hiding_unknown(opened)
        exclude = rules.exclusions(opened.now())
        request = ExportRequest.build(
            opened, exclude, filters=filters, all_versions=all_versions, report_missed=missed.add
        )
        if not partial and (hidden := [each for each in named if not request.index.ask(get_article, each.id)]):
            raise ExportWithheld(str(into or "the export"), len(hidden))
        count = _write_export(request, info, into, missed, partial=partial)
        place = str(into.resolve()) if into else "standard output"
        what = f"{info.name}{' with what is withheld' if withheld else ''}"
        if count:
            note_export(opened.folder, what, place, filters, [each.url for each in named])
    if into is not None:
        noun = "version" if all_versions and info.noun == "article" else info.noun
        line = f"{pluralize(count, noun)} written to {into}"
        facts = {"file": into.resolve(), "format": info.name, "count": count, "missed": missed.by_cause}
        print_result(facts, lambda: print_line(stderr(), line))
    _report_missed(missed, into, partial=partial)


def _report_missed(missed: MissedCaptures, into: Path | None, *, partial: bool) -> None:
    """Print why captures could not be copied, each cause once, and end the command if the export should be whole."""
    for cause, count in missed.by_cause.items():
        print_line(stderr(), f"not copied: {pluralize(count, 'capture')}: {cause}")
    damaged = missed.count - missed.by_cause[NAMES_WITHHELD]
    if missed.count and into and not partial:
        raise ExportIncomplete(file=into, count=missed.count) if damaged else ExportWithheld(str(into), missed.count)
    if damaged:
        print_line(stderr(), f"{pluralize(damaged, 'capture')} could not be copied. To see why: newsarchive verify")
        raise Exit(ExportIncomplete.exit_code)
    if missed.count and not partial:
        print_line(stderr(), "Nothing is damaged. With these captures: --withheld; without them: --partial")
        raise Exit(ExportWithheld.exit_code)


def _choose_format(format_: Format | None, into: Path | None) -> FormatInfo:
    """Return the given format, else that of the file's suffix, else JSONL."""
    if format_ is None and into is not None and into.suffix:
        format_ = next((each for each, info in FORMATS.items() if into.name.lower().endswith(info.suffix)), None)
        if format_ is None:
            suffixes = ", ".join(info.suffix for info in FORMATS.values())
            raise ConfigError.create("unknown-suffix", name=into.name, suffixes=suffixes)
    info = FORMATS[format_ := format_ or Format.JSONL]
    if into is None and not info.is_stream:
        raise ConfigError.create("not-on-stdout", name=info.name, suffix=info.suffix)
    require_json(format_, into)
    return info


def _choose_placements(info: FormatInfo, narrowing: Sequence[str]) -> FormatInfo:
    """Return the format for placements. ConfigError if it has none, or if options narrow them to some articles."""
    if narrowing or info.suffix not in {".jsonl", ".csv", ".parquet"}:
        what = f"{narrowing[0]} selects articles" if narrowing else f"{info.name} has articles or captures"
        raise ConfigError.create("not-placements", what=what)
    return replace(info, noun="placement", write=functools.partial(write_placements, format_=info.suffix[1:]))


def _write_export(
    request: ExportRequest, info: FormatInfo, into: Path | None, missed: MissedCaptures, *, partial: bool
) -> int:
    """Write the export and return its count. ExportIncomplete or ExportWithheld if captures lack, unless `partial`."""
    total = 0
    with suppress(ArchiveError):  # of the search folder: without it, only the time that remains is unknown
        if info.noun == "article":
            total = request.index.ask(search_articles, "", request.filters, limit=1).total
    with show_progress("exporting") as step, open_atomic(into) if into else nullcontext(sys.stdout.buffer) as file:
        shown = replace(request, report_progress=lambda done: step(done, total, pluralize(done, info.noun)))
        count = info.write(shown, file)
        file.flush()
        if into and not partial:
            _report_missed(missed, into, partial=False)
        return count
