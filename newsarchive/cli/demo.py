"""newsarchive demo."""

import shlex
import subprocess
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer

from newsarchive.archive import Archive
from newsarchive.cli import sheet
from newsarchive.cli.guide import guide
from newsarchive.cli.output import cell, counted, moment, stdout, table
from newsarchive.config.units import about
from newsarchive.demo import OPENS, Clock, Newsroom, serve
from storage.errors import ArchiveError, ConfigError
from storage.index.views.articles import ArticleView

SITE = "lantern"
LATER = timedelta(hours=1, minutes=30)
"""The second crawl: by then the newsroom has edited, and front and section pages are due again."""
NEXT_MORNING = timedelta(hours=25)
"""The third: from the second."""
WORDS = "harbour"


def demo(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where to make the demo's archive.")] = None,
    *,
    articles: Annotated[int, typer.Option(min=40, max=5000, help="How many articles the newsroom has out.")] = 72,
) -> None:
    """Archive a newsroom that runs on this machine, and show it.

    Starts a made-up newspaper on loopback, archives it with the commands that you would use, lets its clock go on, and
    crawls again, and once more the next morning: edited articles become versions, and front pages a history. Leaves the
    archive for you to look around in.
    """
    place = new_folder(folder)
    clock = Clock(OPENS)
    with serve(Newsroom(articles=articles), clock=clock) as newsroom:
        say(f"A made-up newspaper is open at {newsroom.url}; its clock says {OPENS:%Y-%m-%d %H:%M} UTC.")
        run("init", str(place), "--operator", "newsarchive demo", "--contact", "demo@localhost")
        run("add", newsroom.url, "--name", SITE, "--delay", "0s", "--archive", str(place))
        run("crawl", "--clock", moment(clock.now()), "--archive", str(place))
        say("The newsroom works on. Within the next ninety minutes some articles are edited, and new ones come out.")
        clock.advance(LATER)
        run("crawl", "--clock", moment(clock.now()), "--archive", str(place))
        say("The next morning:")
        clock.advance(NEXT_MORNING)
        run("crawl", "--clock", moment(clock.now()), "--archive", str(place))
    with Archive.open(place) as archive:
        lines = list(archive.export())
        summary(archive, place, lines)
        edited = one_article(archive, lines)
        guide(archive, newsroom.url, WORDS)
    run("search", WORDS, "--limit", "2", "--archive", str(place))
    run("show", str(edited.id), "--diff", "1", str(len(edited.versions)), "--archive", str(place))
    run("verify", "--archive", str(place))
    next_steps(place)


def new_folder(wanted: Path | None) -> Path:
    """The folder asked for, which must be new; else demo-archive, or the first free demo-archive-2, -3 ..."""
    if wanted is not None:
        if wanted.exists() and (not wanted.is_dir() or any(wanted.iterdir())):
            raise ConfigError(f"{wanted} is there already and not empty; nothing was done. Name a new folder")
        return wanted
    names = (Path("demo-archive" if number == 1 else f"demo-archive-{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def run(*words: str) -> None:
    """Run one command of ours as a user would, and show it; ArchiveError where it fails."""
    out = stdout()
    out.print(cell(f"\n$ newsarchive {shlex.join(words)}", "bold cyan"), soft_wrap=True)
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "newsarchive", *words], check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise ArchiveError(f"the demo ends here: that command ended with code {done.returncode} (docs/exit-codes.md)")


def say(text: str) -> None:
    """Say what happens around the commands."""
    stdout().print(cell(f"\n{text}", "italic"))


def summary(archive: Archive, place: Path, lines: list[dict[str, Any]]) -> None:
    """What was archived, in numbers, and the files that it lies in."""
    out = stdout()
    versions = sum(line["versions"] for line in lines)
    groups = sum(len(line["links"]) for line in lines)
    links = sum(len(group["links"]) for line in lines for group in line["links"])
    say("What was archived:")
    out.print(f"{counted(len(lines), 'article')} in {counted(versions, 'version')}")
    out.print(f"{counted(groups, 'link group')} with {counted(links, 'link')} on the articles' pages")
    files = table(f"file in {place / archive.warc_folder.name}", "size", "captures", right=("size", "captures"))
    for file in archive.index.warc_files():
        size = file.size or archive.places.look(file.name).size
        files.add_row(file.name, about(size), f"{file.captures:,}")
    out.print(files)


def one_article(archive: Archive, lines: list[dict[str, Any]]) -> ArticleView:
    """Show the head of an article that was edited, and return it."""
    line = max(lines, key=lambda line: (line["versions"] > 1, line["language"] == "en", line["published"] or ""))
    number = archive.index.find_article(line["canonical_url"])
    article = None if number is None else archive.article(number)
    if article is None:
        raise ArchiveError(f"{line['canonical_url']} was exported and cannot be found; please report it")
    say(f"One article that was edited (newsarchive show {article.id} has all of it):")
    sheet.head(stdout(), article)
    return article


def next_steps(place: Path) -> None:
    """What a newcomer may want to do now; the browser and its address come last."""
    name, us = shlex.quote(str(place)), called(sys.argv[0])
    out = stdout()
    out.print(cell(f"\nThe archive is in {place.absolute()}. What to do next:", "bold"))
    for command, meaning in (
        (f"{us} search 'ferry strike' --archive {name}", "find articles"),
        (f"{us} status --archive {name}", "see how the site does"),
        (f"{us} export -o articles.jsonl --archive {name}", "take everything out"),
        (f"{us} rebuild --archive {name}", "make the index anew from the WARC files"),
        (f"rm -r {name}", "be done with the demo"),
        (f"{us} init morgue --contact you@your.example", "begin an archive of your own"),
        (f"{us} add https://your.news.site/ --archive morgue", "and name a site"),
    ):
        out.print(cell(f"  {command:<60} {meaning}"), soft_wrap=True)
    out.print(cell("\nOr look at it in a web browser, where it explains itself:", "bold"))
    out.print(cell(f"  {us} serve --open --archive {name}"), soft_wrap=True)
    out.print(cell("  http://127.0.0.1:8000/"), soft_wrap=True)


def called(word: str) -> str:
    """How to call this command again: by the path that it was called by, as in a checkout, or by its name.

    >>> called(".venv/bin/newsarchive"), called("/usr/local/bin/newsarchive")
    ('.venv/bin/newsarchive', 'newsarchive')
    """
    return shlex.quote(word) if "/" in word and not word.startswith("/") else "newsarchive"
