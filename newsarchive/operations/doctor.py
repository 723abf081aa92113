"""What may be wrong with an installation or an archive: each check is a function that returns its findings.

Nothing is changed, and no site is asked.
"""

import fcntl
import importlib.util
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from newsarchive.bucket.upload import waiting, waiting_words
from newsarchive.config.schema import FILE_NAME, Config
from newsarchive.config.toml_file import load
from newsarchive.config.units import about
from newsarchive.crawl.browser import CLOSED
from storage.errors import ArchiveError, ConfigError, IndexTooNew, NoArchive
from storage.index import Index

PACKAGES = ("storage", "newsarchive", "spiders")
SCRAPY = "2.19"
"""The minor version that the recording downloader was made for."""
LITTLE_SPACE = 5_000_000_000
NO_SPACE = 200_000_000
SENT_HERE = " See what is wrong with: newsarchive doctor"
"""The end of errors that leave the cause to be found out."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""Of a distribution, at the head of a requirement (PEP 508)."""


class State(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    REMARK = "remark"
    """Works, but its owner should know."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    """What was looked at, in a word or two."""
    state: State
    found: str
    meaning: str = ""
    """What it means for the archive; "" where all is fine."""
    command: str = ""
    """What to do next."""


def examine(folder: Path | None, now: datetime) -> Iterator[Finding]:
    """Look at the installation, and at the archive in `folder` where one is given."""
    yield from installation()
    if folder is None:
        return
    try:
        config = load(folder)
    except NoArchive:
        yield Finding(
            what="archive",
            state=State.REMARK,
            found=f"no {FILE_NAME} in {folder}",
            meaning="only the installation was looked at",
            command=f"newsarchive init {folder}",
        )
        return
    except ConfigError as error:
        yield Finding(what="settings", state=State.WRONG, found=str(error), meaning="no command can use this archive")
        return
    for check in ARCHIVE_CHECKS:
        yield check(config, now)
    if any(site.render for site in config.sites):
        yield _browser(config)


def installation() -> Iterator[Finding]:
    """Python, what newsarchive stands on, and who else is in its place."""
    yield _python()
    yield _scrapy()
    yield from _missing()
    yield _sqlite()
    yield from _strangers()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(what="Python", state=State.FINE, found=f"{version} in {sys.prefix}")


def _scrapy() -> Finding:
    version = metadata.version("scrapy")
    if version.startswith(SCRAPY + "."):
        return Finding(what="Scrapy", state=State.FINE, found=version)
    return Finding(
        what="Scrapy",
        state=State.WRONG,
        found=f"{version}, but this newsarchive needs {SCRAPY}",
        meaning="pages may be kept with bytes other than those that were on the wire",
        command=f"pip install 'scrapy~={SCRAPY}.0'",
    )


def _missing() -> Iterator[Finding]:
    """Requirements that are not installed; pip tells of them once and pipx never."""
    try:
        wanted = metadata.requires("newsarchive") or []
    except metadata.PackageNotFoundError:
        yield Finding(
            what="newsarchive",
            state=State.REMARK,
            found="runs from a folder, without being installed",
            meaning="its version and requirements cannot be checked",
            command="pip install -e .",
        )
        return
    names = {name[0] for line in wanted if ";" not in line and (name := _NAME.match(line))}
    missing = sorted(name for name in names if not _installed(name))
    if missing:
        yield Finding(
            what="requirements",
            state=State.WRONG,
            found=f"missing: {', '.join(missing)}",
            meaning="some commands will fail",
            command=f"pip install {' '.join(missing)}",
        )


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _sqlite() -> Finding:
    try:
        with sqlite3.connect(":memory:") as memory:
            memory.execute("CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize='unicode61')")
    except sqlite3.OperationalError as error:
        return Finding(
            what="SQLite",
            state=State.WRONG,
            found=f"{sqlite3.sqlite_version} without full-text search ({error})",
            meaning="an index in SQLite cannot be made",
            command="use a Python whose sqlite3 has FTS5, or set index to a PostgreSQL database in newsarchive.toml",
        )
    finally:
        memory.close()
    return Finding(what="SQLite", state=State.FINE, found=f"{sqlite3.sqlite_version} with full-text search")


def _strangers() -> Iterator[Finding]:
    """Two of the packages have names that others use too."""
    owners = metadata.packages_distributions()
    home = Path(__file__).parent.parent.parent
    for package in PACKAGES:
        others = sorted({name for name in owners.get(package, []) if name.lower() != "newsarchive"})
        spec = importlib.util.find_spec(package)
        elsewhere = spec is None or spec.origin is None or Path(spec.origin).parent.parent != home
        if others or elsewhere:
            owner = ", ".join(others) or (str(spec.origin) if spec else "nobody")
            yield Finding(
                what="packages",
                state=State.WRONG,
                found=f"the package {package!r} in this environment comes also from: {owner}",
                meaning="newsarchive may run code that is not its own",
                command="give newsarchive an environment of its own: pipx install newsarchive",
            )


def _folder(config: Config, _now: datetime) -> Finding:
    for folder in (config.folder, config.warc_folder):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            return Finding(
                what="folder",
                state=State.WRONG,
                found=f"{folder} takes no file ({error.strerror})",
                meaning="nothing can be archived; what is there can be read",
                command=f"ls -ld {folder}",
            )
    return Finding(what="folder", state=State.FINE, found=f"{config.folder} can be written")


def _space(config: Config, _now: datetime) -> Finding:
    free = shutil.disk_usage(config.folder).free
    state = State.WRONG if free < NO_SPACE else State.REMARK if free < LITTLE_SPACE else State.FINE
    return Finding(
        what="disk",
        state=state,
        found=f"{about(free)} free",
        meaning="" if state is State.FINE else "a crawl stops by itself when the disk is full; nothing is lost by it",
        command="" if state is State.FINE else f"df -h {config.folder}",
    )


def _contact(config: Config, _now: datetime) -> Finding:
    if config.contact or "@" in config.user_agent or "http" in config.user_agent:
        return Finding(what="contact", state=State.FINE, found=config.user_agent)
    return Finding(
        what="contact",
        state=State.REMARK,
        found=f"none; the crawler calls itself {config.user_agent!r}",
        meaning="a site's owner who is bothered by the crawler can only block it",
        command=f'write into {config.folder / FILE_NAME}: contact = "you@your.example"',
    )


def _sites(config: Config, _now: datetime) -> Finding:
    if config.sites:
        return Finding(what="sites", state=State.FINE, found=", ".join(site.name for site in config.sites))
    return Finding(
        what="sites",
        state=State.REMARK,
        found="none",
        meaning="a crawl has nothing to fetch",
        command="newsarchive add https://...",
    )


def _index(config: Config, _now: datetime) -> Finding:
    scheme, _, place = config.index.partition("://")
    shown = f"{scheme}://{place.rpartition('@')[2]}"  # without a password
    try:
        Index.open(config.index, create=False).close()
    except IndexTooNew as error:
        return Finding(
            what="index",
            state=State.WRONG,
            found=f"schema {error.found} in {shown}, which this newsarchive (schema {error.known}) does not know",
            meaning="a later version wrote it; the WARC files are not touched by this",
            command="install that version again, or make the index anew: newsarchive rebuild",
        )
    except ArchiveError as error:
        again = "newsarchive rebuild"
        on_server = scheme.startswith("postgresql")
        return Finding(
            what="index",
            state=State.WRONG,
            # What sends its reader here sends nobody on from here.
            found=str(error).removesuffix(SENT_HERE),
            meaning="articles cannot be searched, and nothing can be crawled",
            command=f"see that the server runs and lets you in; where the index is lost: {again}"
            if on_server
            else again,
        )
    return Finding(what="index", state=State.FINE, found=f"{shown} has the schema of this version")


def _open_files(config: Config, _now: datetime) -> Finding:
    waiting: list[str] = []
    running: list[str] = []
    for file in sorted(config.warc_folder.glob("*.open")):
        with suppress(FileNotFoundError):  # its crawl has closed it meanwhile
            (running if _locked(file) else waiting).append(file.name)
    if waiting:
        return Finding(
            what="open files",
            state=State.REMARK,
            found=f"left by a crawl that was killed: {', '.join(waiting)}",
            meaning="nothing that was committed is lost; the next crawl mends and closes them",
            command="newsarchive crawl",
        )
    found = f"a crawl is running: {', '.join(running)}" if running else "none"
    return Finding(what="open files", state=State.FINE, found=found)


def _locked(file: Path) -> bool:
    with file.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _bucket(config: Config, _now: datetime) -> Finding:
    places = config.places
    if places.bucket is None:
        return Finding(what="bucket", state=State.FINE, found="none: all WARC files stay in the folder")
    try:
        count = sum(1 for _ in places.bucket.files())
    except ArchiveError as error:
        return Finding(
            what="bucket",
            state=State.WRONG,
            found=str(error),
            meaning="crawls go on, and keep their files in the folder; what lies in the bucket alone cannot be read",
            command="newsarchive places --check",
        )
    if places.bucket.lies_in(places.folder):
        return Finding(
            what="bucket",
            state=State.WRONG,
            found=f"{places.bucket.url} is the folder of the WARC files itself",
            meaning="nothing is uploaded, and each file lies in one place only; name another folder",
            command="newsarchive places --upload",
        )
    unsent = waiting(places)
    found = f"{places.bucket.url} answers; it has {count:,} WARC files"
    if unsent:
        return Finding(
            what="bucket",
            state=State.REMARK,
            found=f"{found}, and {waiting_words(unsent)}",
            meaning="until then they lie in the folder alone",
            command="newsarchive places --upload",
        )
    return Finding(what="bucket", state=State.FINE, found=found)


def _clock(config: Config, now: datetime) -> Finding:
    written = 0.0
    for file in config.warc_folder.glob("*.warc.gz*"):
        with suppress(FileNotFoundError):  # its crawl has closed it meanwhile, and it has another name
            written = max(written, file.stat().st_mtime)
    newest = datetime.fromtimestamp(written, UTC)
    if newest > now + timedelta(minutes=5):
        return Finding(
            what="clock",
            state=State.WRONG,
            found=f"says {now:%Y-%m-%d %H:%M} UTC, but a WARC file was written at {newest:%Y-%m-%d %H:%M}",
            meaning="new captures would seem older than those that are there, and due times would be wrong",
            command="timedatectl",
        )
    return Finding(what="clock", state=State.FINE, found=f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _browser(config: Config) -> Finding:
    """Chromium, started as a crawl starts it."""
    drawn = ", ".join(site.name for site in config.sites if site.render)
    try:
        from playwright.sync_api import sync_playwright  # an extra
    except ImportError:
        return Finding(
            what="browser",
            state=State.WRONG,
            found="Playwright is not installed",
            meaning=f"nothing of {drawn} can be crawled: a browser has to draw the pages (render = true)",
            command="pip install 'newsarchive[render]' && playwright install chromium",
        )
    try:
        with sync_playwright() as playwright:
            executable, is_boxed = config.browser or None, os.geteuid() != 0
            browser = playwright.chromium.launch(
                executable_path=executable, args=list(CLOSED), chromium_sandbox=is_boxed
            )
            version = browser.version
            browser.close()
    except Exception as error:  # noqa: BLE001 - where its driver does not start, Playwright raises nothing narrower
        said = str(error).partition("\n")[0]
        return Finding(
            what="browser",
            state=State.WRONG,
            found=f"{config.browser or 'Chromium'} does not start ({said})",
            meaning=f"pages of {drawn} are kept and not drawn: most of them would be empty when they are read",
            command="playwright install --with-deps chromium",
        )
    return Finding(what="browser", state=State.FINE, found=f"Chromium {version} starts, to draw pages of {drawn}")


ARCHIVE_CHECKS: tuple[Callable[[Config, datetime], Finding], ...] = (
    _folder,
    _space,
    _sites,
    _contact,
    _index,
    _open_files,
    _bucket,
    _clock,
)
