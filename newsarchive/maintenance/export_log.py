"""Log of the exports that were made, so that a takedown can name the copies."""

import json
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from storage.callbacks import utc_now
from storage.index.views.articles import EVERYTHING, Filters, list_values
from storage.places.folder import open_private
from storage.warc.tombstones import digest_url

EXPORTS = "exports.jsonl"
"""File in the archive's folder: a line of JSON for each export, so that a takedown can name the copies."""
MAX_LIST = 100_000_000
"""Bytes of that file, beyond which no more exports are noted: readers cannot fill the disk with it."""


def note_export(folder: Path, what: str, into: str, filters: Filters = EVERYTHING, urls: Collection[str] = ()) -> None:
    """Add an export to the list in the archive's folder, if that can be written; `urls` are of its only articles."""
    values = {"site": " or ".join(list_values(filters.site)), "since": filters.since, "until": filters.until}
    chosen = "".join(f", {name} {value}" for name, value in values.items() if value)
    said = f"{what} of {utc_now():%Y-%m-%d %H:%M} UTC, {into}{chosen}"
    with suppress(OSError), open(folder / EXPORTS, "a", opener=open_private) as file:
        if file.tell() < MAX_LIST:
            # A line end comes first too: the incomplete line of a writer that was killed must not spoil this one.
            file.write(f"\n{json.dumps({'export': said, 'articles': [*map(digest_url, urls)]})}\n")


def list_exports(folder: Path, urls: Collection[str]) -> list[str]:
    """Return a line for each export that may have articles of these URLs."""
    wanted, found = {*map(digest_url, urls)}, list[str]()
    with suppress(FileNotFoundError), (folder / EXPORTS).open() as lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):
                noted = json.loads(line)
                found += [noted["export"]] if not noted["articles"] or wanted & {*noted["articles"]} else []
        if os.fstat(lines.fileno()).st_size >= MAX_LIST:
            found.append(f"later ones are not known, because {EXPORTS} is full")
    return found
