"""newsarchive init and add: a new archive and its sites."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Folder, parse_value
from newsarchive.cli.output import print_line, print_lines, print_result, stderr, stdout
from newsarchive.config.schema import FILE_NAME, SiteConfig
from newsarchive.config.toml_file import add_site, load_config
from newsarchive.config.units import parse_duration, pluralize
from newsarchive.crawl.probe import PAUSE, Probe, describe_source, probe


def init(
    folder: Annotated[Path, Argument(metavar="[DIR]", help="Folder of the new archive.", show_default=False)] = HERE,
    *,
    contact: Annotated[str, Option(help="Mail address or URL for site owners, sent in the User-Agent.")] = "",
    operator: Annotated[str, Option(help="Operator of the archive; written into every WARC file.")] = "",
    index: Annotated[str, Option(metavar="DATABASE", help="Path of an SQLite file, or postgresql://HOST/NAME.")] = "",
) -> None:
    """Create an archive in a folder.

    The folder gets newsarchive.toml with the settings, warc/ for the WARC files, and index.sqlite3.
    """
    given = {"contact": contact, "operator": operator, "index": index}
    with Archive.init(folder, **{name: value for name, value in given.items() if value}) as opened:
        key = opened.places.chain.load().key
    change = "" if folder == HERE else f"cd {shlex.quote(str(folder))} && "
    lines = (
        f"Created an archive in {folder.absolute()}.",
        f"Its public key is {key}",
        f"Next: {change}newsarchive add https://your.news.site/",
    )
    print_result({"folder": folder.absolute(), "key": key}, lambda: print_lines(stdout(), lines))


def add(
    url: Annotated[str, Argument(help="URL of the front page.")],
    *,
    name: Annotated[str | None, Option(metavar="NAME", help="Name of the site; by default its host.")] = None,
    delay: Annotated[str | None, Option(metavar="TIME", help="Request delay; by default the setting `delay`.")] = None,
    archive: Folder = HERE,
) -> None:
    """Probe a news site and add it to newsarchive.toml.

    Fetches the front page, robots.txt, feeds and sitemaps, with a delay between requests. The settings that are written
    have comments and may be edited. A site in a private network is added with allow_private = true, which lets the
    crawler connect to it.
    """
    pause = parse_value(parse_duration, delay, "--delay")
    config = load_config(archive)
    seconds = PAUSE if pause is None else min(pause.total_seconds(), PAUSE)
    found = probe(url, user_agent=config.user_agent, obey_robots=config.obey_robots, pause=seconds)
    site = replace(found.site(name), delay=pause)
    add_site(archive, site, found.notes())
    print_result({"site": site, "found": found}, lambda: _print(site, found, archive))


def _print(site: SiteConfig, found: Probe, archive: Path) -> None:
    print_lines(stderr(), found.problems, "Note: ")
    out = stdout()
    print_line(out, f"{site.name}: {found.title or 'no title'}, {site.url}")
    sources = ((found.feeds, "feed"), (found.sitemaps, "sitemap"), (found.sections, "section"))
    print_line(out, f"  {', '.join(pluralize(len(each), noun) for each, noun in sources)}; {found.robots}")
    for each in (*found.feeds, *found.sitemaps):
        print_line(out, f"  {each.kind} {each.url}: {describe_source(each).partition(': ')[2]}")
    if site.allow_private:
        out.print("  The site is in a private network; allow_private = true lets the crawler connect to it.")
    where = "" if archive == HERE else f" --archive {shlex.quote(str(archive))}"
    print_line(out, f"Added to {archive / FILE_NAME}. Next: newsarchive crawl{where}")
