"""newsarchive show."""

from dataclasses import fields
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli import sheet
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, stdout
from newsarchive.diff.paragraphs import Line, compare
from storage.errors import ConfigError, NotFound
from storage.index.views.articles import ArticleView, BoilerplateView, VersionView


def show(  # noqa: PLR0913 - every word is an option of the command line
    article: Annotated[
        str, typer.Argument(help="Number of the article, as search shows it, or its URL.", metavar="[ARTICLE|SITE]")
    ] = "",
    *,
    versions: Annotated[bool, typer.Option("--versions", help="List the texts that it has had.")] = False,
    diff: Annotated[
        tuple[int, int] | None, typer.Option("--diff", metavar="A B", help="Compare two versions, word by word.")
    ] = None,
    related: Annotated[bool, typer.Option("--related", help="All links of the page, and who links to it.")] = False,
    warc: Annotated[bool, typer.Option("--warc", help="Where the bytes of each capture lie.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Unfold what is none of the article's own text: boilerplate, promos, bylines.")
    ] = False,
    boilerplate: Annotated[
        bool, typer.Option("--boilerplate", help="Of a site in place of an article: what it prints under many of them.")
    ] = False,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Show one article: text, versions, links, where its bytes lie."""
    out = stdout()
    with Archive.open_to_read(archive) as opened:
        if boilerplate:
            seen = learnt(opened, article)
            print(as_json([_with_share(each) for each in seen])) if json else sheet.boilerplate(
                out, seen, everything=everything
            )
            return
        found = find(opened, article)
        if diff is not None:
            lines = changes(opened, found, *diff)
            print(as_json(lines)) if json else sheet.comparison(out, lines)
            return
    if json:
        print(as_json(found))
        return
    if versions or related or warc:
        if versions:
            sheet.versions(out, found)
        if related:
            sheet.links(out, found.current.link_groups, everything=True)
            sheet.linked_from(out, found)
        if warc:
            sheet.captures(out, found)
        return
    sheet.head(out, found)
    sheet.text(out, found.current, everything=everything)
    sheet.links(out, found.current.link_groups)


def learnt(archive: Archive, site: str) -> list[BoilerplateView]:
    """What a site prints under many articles, what is left out of bodies first; "" for all sites."""
    if site and archive.index.unknown_sites([site]):
        raise NotFound(f"the archive in {archive.folder} has no site {site}. To see its sites: newsarchive status")
    names = [site] if site else [each.name for each in archive.status().sites]
    seen = [each for name in names for each in archive.index.boilerplate(name)]
    return sorted(seen, key=lambda each: (each.site, not each.verdict, -each.articles_seen, each.text))


def _with_share(each: BoilerplateView) -> dict[str, object]:
    return {**{name.name: getattr(each, name.name) for name in fields(each)}, "share": round(each.share, 4)}


def find(archive: Archive, name: str) -> ArticleView:
    """The article of that number or URL; NotFound where the archive has none."""
    if not name:
        raise ConfigError("which article? Give its number, as search shows it, or its URL: newsarchive show 17")
    number = int(name) if name.isdecimal() else archive.index.find_article(name)
    found = None if number is None else archive.article(number)
    if found is None:
        raise NotFound(
            f"the archive in {archive.folder} has no article {name}. To look for one: newsarchive search WORDS"
        )
    return found


def changes(archive: Archive, article: ArticleView, older: int, newer: int) -> tuple[Line, ...]:
    """What changed from one version of an article to another: headline and dek first, then the paragraphs."""
    return compare(_words(_version(archive, article, older)), _words(_version(archive, article, newer)))


def _version(archive: Archive, article: ArticleView, number: int) -> VersionView:
    ids = {line.number: line.id for line in article.versions}
    found = archive.version(ids[number]) if number in ids else None
    if found is None:
        raise NotFound(
            f"article {article.id} has no version {number}, only {', '.join(map(str, ids))}. "
            f"To see them: newsarchive show {article.id} --versions"
        )
    return found


def _words(version: VersionView) -> list[str]:
    body = [paragraph.text for paragraph in version.paragraphs if paragraph.is_body]
    return [version.headline, *([version.dek] if version.dek else []), *body]
