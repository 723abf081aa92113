"""newsarchive changes."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Option

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Author, Folder, Section, SiteName, Withheld
from newsarchive.cli.output import AS_JSON, print_line, require_json, safe_text, short_time, stderr, stdout
from newsarchive.config.units import pluralize
from newsarchive.diff.articles import EditVerdict
from newsarchive.diff.edits import EditKind
from newsarchive.export.articles import CHANGE_COLUMNS, view_to_json, write_rows
from storage.errors import ConfigError
from storage.index.queries.observations import iter_changes
from storage.index.views.history import ChangeFilters
from storage.observations import CHANGED_BACK, ChangeEvent
from storage.places.folder import open_atomic


def changes(  # noqa: PLR0913 - every word is an option of the command line
    *,
    site: SiteName = None,
    section: Section = None,
    author: Author = None,
    event: Annotated[list[ChangeEvent] | None, Option(help="What happened; may be repeated.")] = None,
    kind: Annotated[list[EditKind] | None, Option(help="Kind of edit; may be repeated.")] = None,
    notice: Annotated[
        list[EditVerdict] | None,
        Option(help="noted: with a correction or note; dated: with a later date; silent: with neither."),
    ] = None,
    size: Annotated[int | None, Option(min=1, max=1_000_000_000, help="Minimum of characters changed.")] = None,
    since: Annotated[str | None, Option(metavar="DATE", help="Seen since this date, time, or age: 7d.")] = None,
    until: Annotated[str | None, Option(metavar="DATE", help="Seen until then; a date is included.")] = None,
    limit: Annotated[int | None, Option(min=1, max=1_000_000, help="Number of changes; by default all.")] = None,
    format_: Annotated[
        Literal["text", "json", "jsonl", "csv", "parquet"], Option("--format", help="Output format.")
    ] = "text",
    into: Annotated[Path | None, Option("--output", "-o", metavar="FILE", help="Output file.")] = None,
    withheld: Withheld = False,
    archive: Folder = HERE,
) -> None:
    """List edits of articles, and articles gone, moved or back.

    A change was made between the two captures that show it. The newest are first.
    """
    chosen = {"site": site, "since": since, "until": until, "section": section, "author": author, "size": size}
    listed = {name: tuple(values) for name, values in (("event", event), ("kind", kind), ("notice", notice)) if values}
    format_ = "jsonl" if format_ == "json" or (AS_JSON.get() and format_ == "text") else format_
    if (format_, into is None) in {("parquet", True), ("text", False)}:
        fitting = "Add -o FILE.parquet" if into is None else "Add --format jsonl, csv or parquet"
        raise ConfigError(f"{format_} is not written to {into or 'standard output'}; nothing was done. {fitting}")
    require_json(format_, into)
    with Archive.open_to_read(archive) as opened:
        filters = opened.build_filters(ChangeFilters, "--", **chosen, **listed)
        rules = AccessRules() if withheld else AccessRules.from_config(opened.config).hiding_unknown(opened)
        index = opened.index.excluding(rules.exclusions(opened.now()))
        found = (view_to_json(each, CHANGE_COLUMNS) for each in iter_changes(index, filters, limit=limit))
        with open_atomic(into) if into else nullcontext(sys.stdout.buffer) as file:
            _print(found) if format_ == "text" else write_rows(found, CHANGE_COLUMNS, format_, file)


def _print(changes: Iterable[Mapping[str, Any]]) -> None:
    out, count = stdout(), 0
    for count, change in enumerate(changes, 1):  # noqa: B007 - it is printed at the end
        out.print(safe_text(f"{change['article']:>5}  {change['headline']}", "bold"))
        what = ", ".join(change["kinds"]) or change["event"]
        what = what.replace(CHANGED_BACK, f"changed back to version {change['version']}")
        facts = [f"{short_time(datetime.fromisoformat(change['seen']))} UTC", change["site"], what, change["notice"]]
        facts += [f"+{change['added']} -{change['removed']}"] if change["added"] or change["removed"] else []
        out.print(safe_text("       " + " · ".join(filter(None, facts)), "dim"))
        for mark, name, style in (("-", "before", "red"), ("+", "after", "green")):
            if change[name]:
                out.print(safe_text(f"     {mark} {change[name]}", style))
    print_line(stderr(), f"{pluralize(count, 'change')}; all of an article: newsarchive show ARTICLE --versions")
