"""newsarchive add."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from newsarchive.cli.options import HERE, Folder, Json, length
from newsarchive.cli.output import as_json, cell, counted, stderr, stdout
from newsarchive.config.schema import FILE_NAME, SiteConfig
from newsarchive.config.toml_file import add_site, load
from newsarchive.crawl.probe import PAUSE, Probe, probe, told


def add(
    url: Annotated[str, typer.Argument(help="The site's front page.")],
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Name it so; by default its host.")] = None,
    delay: Annotated[
        str | None, typer.Option(metavar="TIME", help="Pause between two requests to it; the archive's by default.")
    ] = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Look at a news site and write it into newsarchive.toml.

    Asks for the front page, robots.txt, feeds and sitemaps, slowly. What it found is written with comments; change it
    there as you like. Naming a site of your own network this way is what lets the crawler connect to it.
    """
    pause = length(delay, "--delay")
    config = load(archive)
    found = probe(
        url,
        user_agent=config.user_agent,
        obey_robots=config.obey_robots,
        pause=PAUSE if pause is None else min(pause.total_seconds(), PAUSE),
    )
    site = replace(found.site(name), delay=pause)
    add_site(archive, site, found.notes())
    if json:
        print(as_json({"site": site, "found": found}))
        return
    for problem in found.problems:
        stderr().print(cell(f"Note: {problem}"), soft_wrap=True)
    _print(stdout(), site, found)
    where = "" if archive == HERE else f" --archive {archive}"
    stdout().print(cell(f"Written into {archive / FILE_NAME}. Next: newsarchive crawl{where}"), soft_wrap=True)


def _print(out: Console, site: SiteConfig, found: Probe) -> None:
    out.print(cell(f"{site.name}: {found.title or 'no title'}, {site.url}"), soft_wrap=True)
    sources = ((found.feeds, "feed"), (found.sitemaps, "sitemap"), (found.sections, "section"))
    out.print(
        cell(f"  {', '.join(counted(len(each), noun) for each, noun in sources)}; {found.robots}"), soft_wrap=True
    )
    for each in (*found.feeds, *found.sitemaps):
        out.print(cell(f"  {each.kind} {each.url}: {told(each).partition(': ')[2]}"), soft_wrap=True)
    if site.allow_private:
        out.print("  It is in your own network; allow_private = true lets the crawler connect to it.")
