"""newsarchive save."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Exit

from newsarchive.archive import Archive
from newsarchive.cli.crawl import show_run, write_crawl_log
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import INTERRUPTED, print_line, print_lines, stderr, stdout, to_json
from newsarchive.crawl.named_pages import NamedPages
from newsarchive.crawl.save import save as run
from storage.errors import ConfigError
from storage.index.queries.aggregates import FAILED_OUTCOMES
from storage.index.queries.articles import get_capture_of_record
from storage.model import Outcome


def save(
    urls: Annotated[
        list[str], Argument(metavar="URL...", help="Pages to save; - reads their URLs from standard input.")
    ],
    *,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Save single pages into the archive, now.

    Each is fetched with its requisites, by the rules of a crawl. A page of a host that no site has is kept under a site
    of the host's name. Exits with 1 if a page was not saved, and with 75 if its site is being crawled.
    """
    wanted = [url for word in urls for url in (sys.stdin.read().split() if word == "-" else [word])]
    if not wanted:
        raise ConfigError("there is no URL on standard input; nothing was saved. Write one a line, or: save URL")
    raise Exit(save_pages(wanted, archive, json=json))


def save_pages(urls: Sequence[str], archive: Path, *, json: bool = False) -> int:
    """Save pages into the archive in a folder, print what each became, and return the exit code."""
    with Archive.open(archive) as opened, write_crawl_log(opened.config), show_run("saving") as progress:
        pages, runs = run(opened, urls, progress=progress, sole_process=True)
        results = [describe_page(opened, pages, url) for url in pages.urls]
    print_lines(stderr(), dict.fromkeys(problem for each in runs for problem in each.problems))
    if json:
        print(to_json(results))
    for page in results if not json else ():
        target = f" -> {page['final_url']}" if page["final_url"] != page["url"] else ""
        print_line(stdout() if page["saved"] else stderr(), f"{page['url']}{target}: {page['text']}")
    is_interrupted = any(each.is_interrupted for each in runs)
    return INTERRUPTED if is_interrupted else int(not all(page["saved"] for page in results))


def describe_page(archive: Archive, pages: NamedPages, url: str) -> dict[str, Any]:
    """Return what a URL became: its capture, and a text for people."""
    found = pages.captures.get(final := pages.follow(url))
    capture = archive.index.ask(get_capture_of_record, found.record_id) if found is not None else None
    line = {"url": url, "final_url": final, "capture": capture}
    if capture is None:
        reason = pages.postponed.get(final, "the run ended before it")
        return {**line, "saved": False, "text": f"not fetched: {reason}"}
    what = f"{capture.outcome} ({capture.reason})"
    if capture.article_id is not None and (article := archive.article(capture.article_id)) is not None:
        same = ", unchanged" if capture.kind == "revisit" else ""
        what = f"article {article.id}{same}: {article.current.headline}"
    is_page = capture.outcome not in FAILED_OUTCOMES | {Outcome.GONE, Outcome.REDIRECT}
    return {**line, "saved": is_page, "text": f"{what}; record in {capture.place.warc}"}
