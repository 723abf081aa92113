"""What the demo's archive says of itself on its first page, and where it leads a newcomer."""

import json
from urllib.parse import quote

from newsarchive.archive import Archive
from newsarchive.config.schema import FILE_NAME
from newsarchive.diff.articles import Verdict, compare_versions
from newsarchive.web.timestamps import stamp

ABOUT = (
    "This is a demonstration. The Alder Bay Lantern is a made-up newspaper; newsarchive demo archived it three times: "
    "on the morning of 4 May 2026, ninety minutes later, and the next morning. It has been closed since, so nothing "
    "more comes in. Begin with [an article that changed without a word](/article/{edited}/compare), "
    "[what changed on the front page](/listing?url={quoted}&a={first}&b={last}), "
    "[the front page as it looked](/web/{first}/{front}), [a search](/search?q={words}) "
    "or [a record](/record/{record}); [Help](/help) says what else there is."
)
SOUGHT = 20
"""Edited articles among which one that changed without a notice is looked for."""


def guide(archive: Archive, front: str, words: str) -> None:
    """Write it into newsarchive.toml, below [serve]."""
    moments = archive.index.listing_moments(front, limit=100)
    edited = [line.id for line in archive.index.edited(SOUGHT)]
    chosen = next((number for number in edited if changed_silently(archive, number)), edited[0])
    article = archive.article(chosen)
    about = ABOUT.format(
        edited=chosen,
        quoted=quote(front, safe=""),
        front=front,
        first=stamp(min(moments)),
        last=stamp(max(moments)),
        words=quote(words),
        record=article.current.capture.id if article else 1,
    )
    with (archive.folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(f"\n[serve]\nabout = {json.dumps(about)}\n")


def changed_silently(archive: Archive, number: int) -> bool:
    """True where an article's last edit is one that the page does not tell of; a live blog's are none."""
    article = archive.article(number)
    if article is None or article.current.live:
        return False
    older, newer = (archive.index.version(line.id) for line in article.versions[-2:])
    if older is None or newer is None:
        return False
    return compare_versions(older, newer).notice.verdict is Verdict.SILENT
