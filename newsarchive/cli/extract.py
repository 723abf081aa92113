"""newsarchive extract."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from newsarchive.cli.output import as_json
from newsarchive.extract.page import extract_page
from storage.model import BODY_ROLES, Article, LinkGroup, Reading


def extract(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A saved HTML page; - for standard input.")],
    *,
    url: Annotated[str, typer.Option(help="Where the page was: links are resolved against it.")],
) -> None:
    """Read one saved page, without an archive.

    Prints one JSON object with the fields of `export`, the archive's own apart, and what the page was taken for.
    """
    payload = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    print(as_json(as_object(extract_page(payload, url), url)))


def as_object(reading: Reading, url: str) -> dict[str, object]:
    """What was read, for programs."""
    object_: dict[str, object] = {"url": url, "outcome": reading.outcome, "reason": reading.reason}
    if reading.article is None:
        return object_ | {"title": reading.title, "links": _links(reading.link_groups)}
    return object_ | _article(reading.article)


def _article(article: Article) -> dict[str, object]:
    return {
        "canonical_url": article.canonical_url,
        "headline": article.headline,
        "dek": article.dek,
        "authors": article.authors,
        "published": article.published and article.published.at,
        "modified": article.modified and article.modified.at,
        "language": article.language,
        "section": article.section,
        "tags": article.tags,
        "body": "\n\n".join(each.text for each in article.paragraphs if each.role in BODY_ROLES),
        "paragraphs": [{"role": each.role, "text": each.text} for each in article.paragraphs],
        "links": _links(article.link_groups),
        "access": article.access,
        "image": article.image and article.image.url,
    }


def _links(groups: Iterable[LinkGroup]) -> list[dict[str, object]]:
    return [{"kind": group.kind, "label": group.label, "links": group.links} for group in groups]
