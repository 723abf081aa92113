"""newsarchive show."""

from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Annotated

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli import render_article as render
from newsarchive.cli.options import HERE, Folder
from newsarchive.cli.output import AS_JSON, print_result, short_time, stdout, to_json
from newsarchive.diff.articles import compare_versions
from newsarchive.extract.content_credentials import describe_credentials
from newsarchive.ingest.originals import ArchivedOriginals
from storage.errors import ArchiveError, ConfigError, NotFound
from storage.index.queries.articles import find_article_id, get_version
from storage.index.queries.links import list_backlinks
from storage.index.queries.status import get_status, list_boilerplate
from storage.index.queries.visit_schedule import get_visit_schedule
from storage.index.views.articles import ArticleView, VersionView
from storage.warc.payload import decode_payload

MAX_PICTURE = 64_000_000
"""Bytes of a picture of which the Content Credentials are read."""


def show(  # noqa: PLR0913 - every word is an option of the command line
    article: Annotated[str, Argument(help="Number, as search shows it, or URL.", metavar="[ARTICLE|SITE]")] = "",
    *,
    versions: Annotated[bool, Option("--versions", help="List the versions of the article.")] = False,
    diff: Annotated[tuple[int, int] | None, Option("--diff", metavar="A B", help="Compare two versions.")] = None,
    related: Annotated[bool, Option("--related", help="Show all links from and to the article.")] = False,
    warc: Annotated[bool, Option("--warc", help="Show the WARC record of each capture.")] = False,
    everything: Annotated[bool, Option("--all", help="Also show boilerplate, promos, bylines and the like.")] = False,
    boilerplate: Annotated[bool, Option("--boilerplate", help="Show the boilerplate learnt from a site.")] = False,
    archive: Folder = HERE,
) -> None:
    """Show one article: text, versions, links and WARC records."""
    out = stdout()
    with Archive.open_to_read(archive) as opened:
        if boilerplate:
            opened.require_sites([article] if article else [])
            names = [article] if article else [each.name for each in opened.index.ask(get_status, opened.now()).sites]
            seen = [each for name in names for each in opened.index.ask(list_boilerplate, name)]
            seen.sort(key=lambda each: (each.site, not each.verdict, -each.articles_seen, each.text))
            values = [asdict(each) | {"share": round(each.share, 4)} for each in seen]
            print_result(values, lambda: render.print_boilerplate(out, seen, everything=everything))
            return
        found = find_article(opened, article)
        if diff is not None:
            compared = compare_versions(*(_version(opened, found, number) for number in diff))
            print_result(compared, lambda: render.print_comparison(out, compared))
            return
        # A spider's article may be fetched at another address than that of its readers.
        urls = dict.fromkeys([found.url, *(each.url for each in found.captures if each.article_id == found.id)])
        schedules = [opened.index.ask(get_visit_schedule, url, opened.now()) for url in urls]
        schedule = next((each for each in schedules if each and each.due_at), schedules[0])
        credentials = find_credentials(opened, found.current.image or "")
        links = opened.index.ask(list_backlinks, found.id)
    if AS_JSON.get():
        others = {"linked_from": [link.article for link in links], "schedule": schedule}
        print(to_json({**{name.name: getattr(found, name.name) for name in fields(found)}, **others}))
        return
    if versions:
        render.print_versions(out, found)
    if related:
        render.print_links(out, found.current.links, everything=True)
        render.print_backlinks(out, links)
    if warc:
        render.print_captures(out, found)
    if not (versions or related or warc):
        render.print_head(out, found, schedule, credentials)
        render.print_text(out, found.current, everything=everything)
        render.print_links(out, found.current.links)


def find_article(archive: Archive, name: str) -> ArticleView:
    """Return the article with a number or URL; NotFound if there is none."""
    if not name:
        raise ConfigError.create("no-article-given")
    number = int(name) if name.isdecimal() else archive.index.ask(find_article_id, name)
    found = None if number is None else archive.article(number)
    if found is not None:
        return found
    schedule = None if number is not None else archive.index.ask(get_visit_schedule, name, datetime.now(UTC))
    if schedule is not None and schedule.outcome is not None:
        fetched, then = short_time(schedule.last_fetched_at), render.describe_schedule(schedule)
        raise NotFound.create(
            "no-article-but-page", folder=archive.folder, name=name, fetched=fetched, schedule=schedule, then=then
        )
    raise NotFound(f"the archive in {archive.folder} has no article {name}. To look for one: newsarchive search WORDS")


def find_credentials(archive: Archive, picture: str) -> str:
    """Return a sentence on the Content Credentials of a picture; "" if it has none, or cannot be read."""
    originals, original = ArchivedOriginals(archive.index, archive.places), archive.index.find_original_by_url(picture)
    with suppress(ArchiveError, OSError):
        if original and (place := originals.find_place(original)):
            return describe_credentials(decode_payload(originals.read_block(place), MAX_PICTURE))
    return ""


def _version(archive: Archive, article: ArticleView, number: int) -> VersionView:
    ids = {line.number: line.id for line in article.versions}
    found = archive.index.ask(get_version, ids[number]) if number in ids else None
    if found is None:
        raise NotFound.create("no-such-version", id=article.id, number=number, numbers=", ".join(map(str, ids)))
    return found
