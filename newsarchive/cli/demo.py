"""newsarchive demo."""

import json
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli import render_article
from newsarchive.cli.output import create_table, pluralize, print_line, safe_text, stdout
from newsarchive.config.schema import FILE_NAME
from newsarchive.config.units import humanize_size
from newsarchive.demo.site import serve_demo_site
from newsarchive.diff.articles import EditVerdict, compare_versions
from newsarchive.web.timestamps import format_timestamp
from storage.article_fields import format_time
from storage.errors import ArchiveError, ConfigError
from storage.index.queries.articles import find_article_id, get_version
from storage.index.queries.listings import list_listing_times
from storage.index.queries.observations import list_changes
from storage.index.queries.status import list_warc_files
from storage.index.views.articles import ArticleView
from storage.index.views.history import ChangeFilters

SITE = "lantern"
WORDS = "harbour"
ABOUT = (
    "This is a demonstration. The Alder Bay Lantern is a simulated newspaper; newsarchive demo crawled it three times: "
    "on the morning of 4 May 2026, ninety minutes later, and the next morning. It is offline now, so no new captures "
    "arrive. Start with [an article that was edited silently](/article/{edited}/compare), "
    "[the changes of the front page](/listing?url={quoted}&a={first}&b={last}), "
    "[the front page as it looked](/web/{first}/{front}), [a search](/search?q={words}) "
    "or [a capture](/record/{record}); [Help](/help) lists everything else."
)
EDITED_ARTICLES = 20
"""Edited articles among which a silent edit is looked for."""


def demo(
    folder: Annotated[Path | None, Argument(metavar="[DIR]", help="Folder of the new archive.")] = None,
    *,
    port: Annotated[
        int | None,
        Option(
            "--serve", min=0, max=65535, metavar="PORT", help="Only serve the site, for other commands; 0: any port."
        ),
    ] = None,
) -> None:
    """Archive a simulated news site and show the result.

    Starts a simulated newspaper on the loopback interface, archives it with the ordinary commands, advances its clock,
    and crawls it twice more, so that edited articles have versions and the front page has a history. The archive is
    kept. With --serve, nothing is archived: the newspaper is online until Ctrl-C, and Enter advances its clock.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if port is not None:
        serve_newspaper(port)
        return
    place = choose_folder(folder)
    with serve_demo_site() as newsroom:
        clock = f"{newsroom.time:%Y-%m-%d %H:%M} UTC"
        print_note(f"A simulated newspaper is online at {newsroom.url}; its clock shows {clock}.")
        run_command("init", str(place), "--operator", "newsarchive demo", "--contact", "demo@localhost")
        run_command("add", newsroom.url, "--name", SITE, "--delay", "0s", "--archive", str(place))
        run_command("crawl", "--clock", format_time(newsroom.time), "--archive", str(place))
        for note in ("Ninety minutes later some articles were edited and new ones published:", "The next morning:"):
            print_note(note)
            newsroom.advance()
            run_command("crawl", "--clock", format_time(newsroom.time), "--archive", str(place))
    with Archive.open(place) as archive:
        lines = list(archive.export())
        print_summary(archive, place, lines)
        edited = print_edited_article(archive, lines)
        write_about(archive, newsroom.url)
    run_command("search", WORDS, "--limit", "2", "--archive", str(place))
    run_command("show", str(edited.id), "--diff", "1", str(len(edited.versions)), "--archive", str(place))
    run_command("verify", "--archive", str(place))
    print_next_steps(place)


def serve_newspaper(port: int) -> None:
    """Serve the simulated newspaper until Ctrl-C or SIGTERM; each line of standard input advances its clock."""
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # in the background of a shell, reading then fails
    with suppress(KeyboardInterrupt, SystemExit), serve_demo_site(port) as newsroom:
        print_note(f"A simulated newspaper is online at {newsroom.url} (Ctrl-C to stop). To archive it elsewhere:")
        print_line(stdout(), f"  newsarchive add {newsroom.url} --name {SITE} --delay 0s")
        for left in reversed(range(len(newsroom.site.times))):
            print_line(stdout(), f"  newsarchive crawl --clock {format_time(newsroom.time)}")
            print_note("Enter advances its clock." if left else "This is its last day.")
            sys.stdout.flush()
            with suppress(OSError):
                if left and sys.stdin.readline():
                    newsroom.advance()
                    continue
            break
        signal.pause()


def choose_folder(wanted: Path | None) -> Path:
    """Return the given folder, which must be new or empty; by default demo-archive, demo-archive-2 ..."""
    if wanted is not None:
        if wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir())):
            raise ConfigError(f"{wanted} exists and is not empty; nothing was done. Name a new folder")
        return wanted
    names = (Path("demo-archive" if number == 1 else f"demo-archive-{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def run_command(*words: str) -> None:
    """Print a command and run it; ArchiveError if it fails."""
    print_line(stdout(), f"\n$ newsarchive {shlex.join(words)}", "bold cyan")
    sys.stdout.flush()
    with subprocess.Popen([sys.executable, "-m", "newsarchive", *words]) as process:  # noqa: S603 - our own words
        try:
            process.wait()
        except SystemExit:
            process.terminate()
            raise
    if process.returncode:
        code = f"{process.returncode} (newsarchive help exit-codes)"
        raise ArchiveError(f"the demo stops: the last command exited with code {code}")


def print_note(text: str) -> None:
    """Print a remark between the commands."""
    stdout().print(safe_text(f"\n{text}", "italic"))


def print_summary(archive: Archive, place: Path, lines: list[dict[str, Any]]) -> None:
    """Print the numbers of articles, versions and links, and the WARC files."""
    out = stdout()
    versions = sum(line["versions"] for line in lines)
    groups = sum(len(line["links"]) for line in lines)
    links = sum(len(group["links"]) for line in lines for group in line["links"])
    print_note("What was archived:")
    out.print(f"{pluralize(len(lines), 'article')} in {pluralize(versions, 'version')}")
    out.print(f"{pluralize(groups, 'link group')} with {pluralize(links, 'link')} on their pages")
    files = create_table(f"file in {place / archive.warc_folder.name}", "size", "captures", right=("size", "captures"))
    for file in archive.index.read(list_warc_files):
        size = file.size or archive.places.stat(file.name).size
        files.add_row(file.name, humanize_size(size), f"{file.captures:,}")
    out.print(files)


def print_edited_article(archive: Archive, lines: list[dict[str, Any]]) -> ArticleView:
    """Print the metadata of an edited article, and return it."""
    line = max(lines, key=lambda line: (line["versions"] > 1, line["language"] == "en", line["published"] or ""))
    number = archive.index.ask(find_article_id, line["canonical_url"])
    article = None if number is None else archive.article(number)
    if article is None:
        raise ArchiveError(f"{line['canonical_url']} was exported and cannot be found. Please report this")
    print_note(f"An edited article (the whole: newsarchive show {article.id}):")
    render_article.print_head(stdout(), article)
    return article


def write_about(archive: Archive, front: str) -> None:
    """Write the text of the home page into newsarchive.toml, below [serve]."""
    times = archive.index.ask(list_listing_times, front, limit=100)
    changes = archive.index.ask(list_changes, ChangeFilters(event="edited"), limit=EDITED_ARTICLES)
    edited = [change.article for change in changes]
    chosen = next((number for number in edited if is_silent_edit(archive, number)), edited[0])
    article = archive.article(chosen)
    record = article.current.capture.id if article else 1
    first, last = format_timestamp(min(times)), format_timestamp(max(times))
    quoted, words = quote(front, safe=""), quote(WORDS)
    about = ABOUT.format(edited=chosen, quoted=quoted, front=front, first=first, last=last, words=words, record=record)
    with (archive.folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(f"\n[serve]\nabout = {json.dumps(about)}\n")


def is_silent_edit(archive: Archive, number: int) -> bool:
    """Return True if the page does not mention the article's last edit; False for live blogs."""
    article = archive.article(number)
    if article is None or article.current.live_blog:
        return False
    older, newer = (archive.index.ask(get_version, line.id) for line in article.versions[-2:])
    if older is None or newer is None:
        return False
    return compare_versions(older, newer).notice.verdict is EditVerdict.SILENT


def print_next_steps(place: Path) -> None:
    """Print commands to try next; the browser and its URL come last."""
    name, us = shlex.quote(str(place)), program_name(sys.argv[0])
    out = stdout()
    out.print(safe_text(f"\nThe archive is in {place.absolute()}. Commands to try next:", "bold"))
    for command, meaning in (
        (f"{us} search 'ferry strike' --archive {name}", "find articles"),
        (f"{us} status --archive {name}", "show the status of the site"),
        (f"{us} export -o articles.jsonl --archive {name}", "export all articles"),
        (f"{us} rebuild --archive {name}", "rebuild the index from the WARC files"),
        (f"rm -r {name}", "delete the demo"),
        (f"{us} init morgue --contact you@your.example", "create an archive of your own"),
        (f"{us} add https://your.news.site/ --archive morgue", "and add a site"),
    ):
        print_line(out, f"  {command:<60} {meaning}")
    out.print(safe_text("\nOr open it in a web browser:", "bold"))
    print_line(out, f"  {us} serve --open --archive {name}")
    print_line(out, "  http://127.0.0.1:8000/")


def program_name(word: str) -> str:
    """Return the command as it was called if by a relative path, as in a checkout; else its name.

    >>> program_name(".venv/bin/newsarchive"), program_name("/usr/local/bin/newsarchive")
    ('.venv/bin/newsarchive', 'newsarchive')
    """
    return shlex.quote(word) if "/" in word and not word.startswith("/") else "newsarchive"
