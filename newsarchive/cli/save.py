"""newsarchive save."""

import sys
import time
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.cli.crawl import describe_progress, write_crawl_log
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import INTERRUPTED, print_line, show_progress, stderr, stdout, to_json
from newsarchive.crawl.save import SavedPage
from newsarchive.crawl.save import save as run
from storage.errors import ConfigError


def save(
    urls: Annotated[
        list[str], typer.Argument(metavar="URL...", help="Pages to save; - reads URLs from standard input, one a line.")
    ],
    *,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Save single pages into the archive, now.

    Each page is fetched with its requisites, whether it is due or not, as by a crawl: robots.txt and delays are obeyed,
    redirects are followed. A page of a host that no site has is kept under a site of the host's name, which is not
    crawled. Exits with 1 if a page was not saved, and with 75 if its site is being crawled.
    """
    wanted = read_urls(urls)
    with Archive.open(archive) as opened, write_crawl_log(opened.config), show_progress("saving") as step:
        began = time.monotonic()
        pages, runs = run(
            opened,
            wanted,
            progress=lambda shown: step(*describe_progress(shown, time.monotonic() - began)),
            sole_process=True,
        )
    for problem in dict.fromkeys(problem for each in runs for problem in each.problems):
        print_line(stderr(), problem)
    if json:
        print(to_json(pages))
    for page in pages if not json else ():
        print_line(stdout() if page.is_saved else stderr(), describe_page(page))
    is_interrupted = any(each.is_interrupted for each in runs)
    raise typer.Exit(INTERRUPTED if is_interrupted else int(not all(page.is_saved for page in pages)))


def read_urls(words: list[str]) -> list[str]:
    """Return the URLs of a command line; for "-" those of standard input, without empty lines and # comments."""
    urls = []
    for word in words:
        lines = sys.stdin.read().splitlines() if word == "-" else [word]
        urls += [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    if not urls:
        raise ConfigError("no URL given; nothing was fetched. Name one: newsarchive save URL")
    return urls


def describe_page(page: SavedPage) -> str:
    """Return one line on what a URL became."""
    target = f" -> {page.final_url}" if page.final_url != page.url else ""
    if page.outcome is None:
        return f"{page.url}{target}: not fetched: {page.reason}"
    what = f"{page.outcome.value} ({page.reason})"
    if page.article is not None:
        same = ", unchanged" if page.kind == "revisit" else ""
        what = f"article {page.article}{same}: {page.headline}"
    return f"{page.url}{target}: {what}; record in {page.warc}"
