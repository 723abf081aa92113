"""newsarchive export."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Author, Folder, Section, Since, SiteName, Until, moment
from newsarchive.cli.output import counted, stderr
from newsarchive.export.choice import Choice
from newsarchive.export.forms import FORMS, Format
from newsarchive.export.missed import Missed
from newsarchive.export.whole import whole
from storage.errors import ConfigError, NotFound, WarcError
from storage.index.views.articles import Filters

MEANINGS = "; ".join(f"{name}: {form.meaning[0].lower()}{form.meaning[1:]}" for name, form in FORMS.items())


def export(  # noqa: PLR0913 - every word is an option of the command line
    *,
    into: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there.")] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help=f"By default as FILE ends; jsonl without one. {MEANINGS}.")
    ] = None,
    all_versions: Annotated[bool, typer.Option("--all-versions", help="Each version, not the latest only.")] = False,
    site: SiteName = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    section: Section = None,
    query: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only what a search for these words finds.")
    ] = None,
    article: Annotated[
        list[str] | None, typer.Option("--article", metavar="ID|URL", help="Only this article; may be repeated.")
    ] = None,
    archive: Folder = HERE,
) -> None:
    """Write articles or records out, for other programs.

    What each form holds: docs/export.md. With -o the file appears only when it is whole.
    """
    form = form or _by_name(into)
    if into is None and not FORMS[form].is_stream:
        raise ConfigError(
            f"{form} is written into a file; nothing was done. Name one with: -o FILE{FORMS[form].suffix}"
        )
    filters = Filters(
        site=site,
        since=moment(since, "--since"),
        until=moment(until, "--until"),
        author=author,
        section=section,
        query=query,
    )
    with Archive.open_to_read(archive) as opened:
        if article:
            filters = replace(filters, articles=tuple(_article(opened, each) for each in article))
        choice = Choice(
            index=opened.index,
            places=opened.places,
            filters=filters,
            all_versions=all_versions,
            title=opened.folder.name,
            operator=opened.config.operator,
            now=opened.now,
        )
        missed = Missed()
        count = _written(replace(choice, missed=missed.add), form, into)
    for what in missed.first:
        stderr().print(f"not copied: {what}")
    if into is not None:
        noun = "version" if all_versions and FORMS[form].noun == "article" else FORMS[form].noun
        stderr().print(f"{counted(count, noun)} written to {into}")
    if missed.count:
        stderr().print(f"{counted(missed.count, 'capture')} could not be copied. To see the damage: newsarchive verify")
        raise typer.Exit(WarcError.exit_code)


def _by_name(into: Path | None) -> Format:
    """The form that a file's name asks for; without an ending JSONL."""
    if into is None or not into.suffix:
        return Format.JSONL
    for known, form in FORMS.items():
        if into.name.lower().endswith(form.suffix):
            return known
    endings = ", ".join(form.suffix for form in FORMS.values())
    raise ConfigError(
        f"{into.name} ends like no form that can be written; nothing was done. Let it end in one of {endings}, or name "
        "a form with --format"
    )


def _article(archive: Archive, words: str) -> int:
    is_id = words.isascii() and words.isdecimal() and len(words) < 10
    found = int(words) if is_id else archive.index.find_article(words)
    if found is None or archive.index.article(found) is None:
        raise NotFound(f"the archive holds no article {words}; nothing was written. Find one with: newsarchive search")
    return found


def _written(choice: Choice, form: Format, into: Path | None) -> int:
    if into is None:
        count = FORMS[form].write(choice, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return count
    with whole(into) as file:
        return FORMS[form].write(choice, file)
