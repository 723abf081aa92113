"""newsarchive demo."""

import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import nullcontext, redirect_stdout, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from typer import Argument, Option

from newsarchive.archive import Archive
from newsarchive.cli.output import AS_JSON, TEXTS, print_lines, print_result, safe_text, stdout
from newsarchive.config.schema import FILE_NAME
from newsarchive.demo.site import serve_demo_site
from newsarchive.startup import child_command
from newsarchive.urls.wb_url import format_timestamp
from storage.article_fields import format_time
from storage.errors import ArchiveError, ConfigError
from storage.index.queries import listings, observations
from storage.index.views.history import ChangeFilters

SITE = "lantern"
WORDS = "harbour"
ABOUT = Path(__file__).parents[1] / "demo" / "about.md"


def demo(
    folder: Annotated[Path | None, Argument(metavar="[DIR]", help="Folder of the new archive.")] = None,
    *,
    port: Annotated[
        int | None, Option("--serve", min=0, max=65535, metavar="PORT", help="Only serve the site on PORT (0: any).")
    ] = None,
) -> None:
    """Archive a simulated news site and show the result.

    Starts a simulated newspaper on the loopback interface, archives it with the ordinary commands, advances its clock,
    and crawls it twice more, so that edited articles have versions and the front page has a history. The archive is
    kept. With --serve, the newspaper is only online for other commands, until Ctrl-C; Enter advances its clock.
    """
    if port is not None:
        serve_newspaper(port)
        return
    place = choose_folder(folder)
    # With --json, what the demo shows is progress.
    with redirect_stdout(sys.stderr) if AS_JSON.get() else nullcontext():
        edited = archive_newspaper(place)
    print_result({"folder": place.absolute(), "edited": edited}, lambda: print_next_steps(place))


def archive_newspaper(place: Path) -> int:
    """Archive the newspaper into a new folder, show what was archived, and return an article that was edited."""
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
        edited = write_about(archive, newsroom.url)
    run_command("search", WORDS, "--limit", "2", "--archive", str(place))
    print_note("An article that was edited silently: its versions, its records, and what was changed:")
    run_command("show", str(edited), "--versions", "--warc", "--archive", str(place))
    run_command("show", str(edited), "--diff", "1", "2", "--archive", str(place))
    run_command("verify", "--archive", str(place))
    return edited


def serve_newspaper(port: int) -> None:
    """Serve the simulated newspaper until Ctrl-C or SIGTERM; each line of standard input advances its clock."""
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # in the background of a shell, reading then fails
    with suppress(KeyboardInterrupt, SystemExit), serve_demo_site(port) as newsroom:
        line = f"\nA simulated newspaper is online at {newsroom.url} (Ctrl-C to stop). To archive it elsewhere:"
        line += f"\n  newsarchive add {newsroom.url} --name {SITE} --delay 0s"
        print_result({"url": newsroom.url}, partial(print, line))
        sys.stdout.flush()
        for left in reversed(range(len(newsroom.site.times))):
            clock, note = format_time(newsroom.time), "Enter advances its clock." if left else "This is its last day."
            line = f"  newsarchive crawl --clock {clock}\n\n{note}"
            print_result({"clock": clock, "left": left}, partial(print, line))
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
    stdout().print(safe_text(f"\n$ newsarchive {shlex.join(words)}", "bold cyan"), soft_wrap=True)
    sys.stdout.flush()
    # Killed with this process, should a signal end it before the process is known.
    command = child_command("newsarchive.startup:run_command_line", str(os.getpid()), *words)
    with subprocess.Popen(command, stdout=sys.stderr if AS_JSON.get() else None) as process:  # noqa: S603
        try:
            process.wait()
        except SystemExit:
            process.terminate()
            raise
    if process.returncode:
        raise ArchiveError.create("demo-stopped", code=process.returncode)


def print_note(text: str) -> None:
    """Print a remark between the commands."""
    stdout().print(safe_text(f"\n{text}", "italic"))


def write_about(archive: Archive, front: str) -> int:
    """Write the text of the home page into newsarchive.toml, and return the article that it names as edited."""
    times = archive.index.ask(listings.list_listing_times, front, limit=100)
    (edit,) = archive.index.ask(observations.list_changes, ChangeFilters(event="edited", notice="silent"), limit=1)
    article = archive.article(edit.article)
    record = article.current.capture.id if article else 1
    first, last = format_timestamp(min(times)), format_timestamp(max(times))
    links = {"edited": edit.article, "record": record, "front": front, "quoted": quote(front, safe="")}
    about = ABOUT.read_text("utf-8").strip().format(**links, words=quote(WORDS), first=first, last=last)
    with (archive.folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(f"\n[serve]\nabout = {json.dumps(about)}\n")
    return edit.article


def print_next_steps(place: Path) -> None:
    """Print commands to try next; the browser and its URL come last."""
    name, called = shlex.quote(str(place)), sys.argv[0]
    # The command as it was called if by a relative path, as in a checkout.
    us = shlex.quote(called) if "/" in called and not called.startswith("/") else "newsarchive"
    out = stdout()
    out.print(safe_text(f"\nThe archive is in {place.absolute()}. Commands to try next:", "bold"))
    commands = ((command.format(us=us, name=name), meaning) for command, meaning in TEXTS["after_demo"].items())
    print_lines(out, (f"{command:<60} {meaning}" for command, meaning in commands), "  ")
    out.print(safe_text("\nOr open it in a web browser:", "bold"))
    print_lines(out, (f"{us} serve --open --archive {name}", "http://127.0.0.1:8000/"), "  ")
