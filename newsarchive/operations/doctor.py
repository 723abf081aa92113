"""Checks of the installation and of the archive. They change nothing and send no requests to sites."""

import importlib.util
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from newsarchive.bucket.upload import describe_waiting, files_to_upload
from newsarchive.config.schema import FILE_NAME, Config
from newsarchive.config.toml_file import load_config
from newsarchive.crawl.browser import LAUNCH_OPTIONS
from newsarchive.operations.health import Finding, Severity, check_disks, check_health
from newsarchive.web.access_rules import find_unmatched, read_blocked
from storage.errors import ArchiveError, ConfigError, IndexNotCreated, IndexTooNew, IndexTooOld, NoArchive
from storage.extras import install_command, pip_command
from storage.index import Index
from storage.places.folder import lock_file

PACKAGES = ("storage", "newsarchive", "spiders")
SCRAPY = "2.19"
"""Minor version that the recording downloader is written for."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""Name of a distribution at the beginning of a requirement (PEP 508)."""
_PROBE = 65_536
"""Bytes that are written to see whether a folder takes them."""
_REFERRAL = re.compile(r"\s*[^.;]*: newsarchive doctor$")
"""End of an error message that refers to this command."""


def _finding(subject: str, severity: Severity, sentence: str, meaning: str = "", command: str = "") -> Finding:
    code = subject.lower().replace(" ", "-")
    return Finding(severity=severity, code=code, subject=subject, sentence=sentence, meaning=meaning, command=command)


def run_checks(folder: Path | None, now: datetime) -> Iterator[Finding]:
    """Check the installation, and the archive in `folder` unless it is None."""
    yield from check_installation()
    if folder is None:
        return
    try:
        config = load_config(folder)
    except NoArchive:
        yield _finding(
            "archive",
            Severity.WARNING,
            f"no {FILE_NAME} in {folder}",
            "only the installation was checked",
            f"newsarchive init {shlex.quote(str(folder))}",
        )
        return
    except ConfigError as error:
        yield _finding("settings", Severity.ERROR, str(error), "no command can use this archive")
        return
    findings = [check(config, now) for check in ARCHIVE_CHECKS]
    yield from findings
    yield from check_disks(config.folder, config.places)
    if any(site.render for site in config.sites):
        yield _check_browser(config)
    if not any(each.code == "index" and each.severity is Severity.ERROR for each in findings):
        yield from check_archive(config, now)


def check_installation() -> Iterator[Finding]:
    """Check Python, the requirements, and packages with the same names."""
    yield _check_python()
    yield _check_scrapy()
    yield from _check_requirements()
    yield from _check_packages()


def check_archive(config: Config, now: datetime) -> Iterator[Finding]:
    """Yield the findings of `newsarchive status` but those on disk and bucket, which have checks of their own here."""
    with closing(Index.open(config.index, create=False)) as index:
        report = check_health(index, config.sites, config.folder, config.places, now)
        problems = read_blocked(config.serve.blocked)[1] + find_unmatched(index, config)
    meaning = "what it should withhold is shown, and newsarchive serve does not start"
    yield from (_finding("blocked", Severity.ERROR, problem, meaning) for problem in problems)
    yield from (each for each in report.findings if each.subject != "bucket" and not each.code.startswith("disk"))


def _check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return _finding("Python", Severity.OK, f"{version} in {sys.prefix}")


def _check_scrapy() -> Finding:
    version = metadata.version("scrapy")
    if version.startswith(SCRAPY + "."):
        return _finding("Scrapy", Severity.OK, version)
    return _finding(
        "Scrapy",
        Severity.ERROR,
        f"{version}, but this newsarchive requires {SCRAPY}",
        "the stored bytes may differ from those on the wire",
        pip_command(f"scrapy~={SCRAPY}.0"),
    )


def _check_requirements() -> Iterator[Finding]:
    """Check for requirements that are not installed, which pip reports once and pipx never."""
    try:
        wanted = metadata.requires("newsarchive") or []
    except metadata.PackageNotFoundError:
        yield _finding(
            "newsarchive",
            Severity.WARNING,
            "runs from a folder without being installed",
            "its version and requirements cannot be checked",
            pip_command("-e", "."),
        )
        return
    names = {name[0] for line in wanted if ";" not in line and (name := _NAME.match(line))}
    missing = sorted(name for name in names if not _is_installed(name))
    if missing:
        yield _finding(
            "requirements",
            Severity.ERROR,
            f"missing: {', '.join(missing)}",
            "some commands will fail",
            pip_command(*missing),
        )


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _check_packages() -> Iterator[Finding]:
    """Check that no other distribution owns one of our three package names, two of which are common."""
    owners = metadata.packages_distributions()
    home = Path(__file__).parent.parent.parent
    for package in PACKAGES:
        others = sorted({name for name in owners.get(package, []) if name.lower() != "newsarchive"})
        spec = importlib.util.find_spec(package)
        elsewhere = spec is None or spec.origin is None or Path(spec.origin).parent.parent != home
        if others or elsewhere:
            owner = ", ".join(others) or (str(spec.origin) if spec else "nobody")
            yield _finding(
                "packages",
                Severity.ERROR,
                f"another distribution in this environment has the package {package!r}: {owner}",
                "newsarchive may run code of that distribution",
                "install newsarchive into an environment of its own: pipx install newsarchive",
            )


def _check_folder(config: Config, _now: datetime) -> Finding:
    for folder in (config.folder, config.warc_folder):
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                # On a full disk a file can be created, but not written.
                file.write(bytes(_PROBE))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return _finding(
                "folder",
                Severity.ERROR,
                f"{folder} is not writable ({error.strerror})",
                "nothing can be archived; the archive can still be read",
                f"ls -ld {folder}",
            )
    return _finding("folder", Severity.OK, f"{config.folder} is writable")


def _check_contact(config: Config, _now: datetime) -> Finding:
    if config.contact or "@" in config.user_agent or "http" in config.user_agent:
        return _finding("contact", Severity.OK, config.user_agent)
    return _finding(
        "contact",
        Severity.WARNING,
        f"none; the User-Agent is {config.user_agent!r}",
        "site owners cannot reach you and can only block the crawler",
        f'add to {config.folder / FILE_NAME}: contact = "you@your.example"',
    )


def _check_sites(config: Config, _now: datetime) -> Finding:
    if config.sites:
        return _finding("sites", Severity.OK, ", ".join(site.name for site in config.sites))
    return _finding("sites", Severity.WARNING, "none", "a crawl has nothing to fetch", "newsarchive add https://...")


def check_index(config: Config, _now: datetime) -> Finding:
    """Check that the index can be opened; a new archive has none yet."""
    scheme, _, place = config.index.partition("://")
    shown = f"{scheme}://{place.rpartition('@')[2]}"  # without a password
    try:
        Index.open(config.index, create=False).close()
    except IndexTooNew as error:
        return _finding(
            "index",
            Severity.ERROR,
            f"schema {error.found} in {shown}, which is newer than this newsarchive (schema {error.known})",
            "it was written by a later version; the WARC files are not affected",
            "install that version again, or rebuild the index: newsarchive rebuild",
        )
    except IndexTooOld as error:
        return _finding(
            "index",
            Severity.ERROR,
            f"schema {error.found} in {shown} is of an unreleased version",
            "this newsarchive does not read it; the WARC files hold all captures",
            "newsarchive rebuild",
        )
    except IndexNotCreated as error:
        is_new = not any(config.warc_folder.glob("*.warc*"))
        return _finding(
            "index",
            Severity.WARNING if is_new else Severity.ERROR,
            f"{shown} holds no index yet" if is_new else str(error),
            "it is created by the first crawl, on whichever machine" if is_new else "",
            f"newsarchive {'worker' if scheme.startswith('postgresql') else 'crawl'}" if is_new else "",
        )
    except ArchiveError as error:
        return _finding(
            "index",
            Severity.ERROR,
            _REFERRAL.sub("", str(error)),
            "articles cannot be searched, and nothing can be crawled",
            "check the server and your access to it; if the index is lost: newsarchive rebuild"
            if scheme.startswith("postgresql")
            else "newsarchive rebuild",
        )
    return _finding("index", Severity.OK, f"{shown} has the schema of this version")


def _check_open_files(config: Config, _now: datetime) -> Finding:
    waiting: list[str] = []
    running: list[str] = []
    for file in sorted(config.warc_folder.glob("*.open")):
        with suppress(FileNotFoundError), lock_file(file) as fd:  # closed meanwhile
            (running if fd is None else waiting).append(file.name)
    if waiting:
        return _finding(
            "open files",
            Severity.WARNING,
            f"left by a crawl that was killed: {', '.join(waiting)}",
            "nothing that was committed is lost; the next crawl repairs and closes them",
            "newsarchive crawl",
        )
    found = f"a crawl is running: {', '.join(running)}" if running else "none"
    return _finding("open files", Severity.OK, found)


def _check_bucket(config: Config, _now: datetime) -> Finding:
    places = config.places
    if places.bucket is None:
        return _finding("bucket", Severity.OK, "none; all WARC files stay in the folder")
    try:
        count = sum(1 for _ in places.bucket.list_files())
    except ArchiveError as error:
        return _finding(
            "bucket",
            Severity.ERROR,
            str(error),
            "crawls keep their files in the folder; files that are only in the bucket cannot be read",
            "newsarchive bucket --check",
        )
    if places.bucket.is_folder(places.folder):
        return _finding(
            "bucket",
            Severity.ERROR,
            f"{places.bucket.url} is the folder of the WARC files itself",
            "nothing is uploaded, and each file is stored once; set bucket to another folder",
            "newsarchive bucket --upload",
        )
    found = f"{places.bucket.url} responds; it has {count:,} WARC files"
    unsent = files_to_upload(places)
    if unsent:
        return _finding(
            "bucket",
            Severity.WARNING,
            f"{found}, and {describe_waiting(unsent)}",
            "until then they are stored in the folder only",
            "newsarchive bucket --upload",
        )
    return _finding("bucket", Severity.OK, found)


def _check_clock(config: Config, now: datetime) -> Finding:
    written = 0.0
    for file in config.warc_folder.glob("*.warc.gz*"):
        with suppress(FileNotFoundError):  # closed and renamed meanwhile
            written = max(written, file.stat().st_mtime)
    newest = datetime.fromtimestamp(written, UTC)
    if newest > now + timedelta(minutes=5):
        return _finding(
            "clock",
            Severity.ERROR,
            f"{now:%Y-%m-%d %H:%M} UTC, but a WARC file was written at {newest:%Y-%m-%d %H:%M}",
            "new captures would be dated before existing ones, and due times would be wrong",
            "timedatectl",
        )
    return _finding("clock", Severity.OK, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _check_browser(config: Config) -> Finding:
    """Start Chromium as a crawl does."""
    rendered = ", ".join(site.name for site in config.sites if site.render)
    try:
        from playwright.sync_api import sync_playwright  # an extra
    except ImportError:
        return _finding(
            "browser",
            Severity.ERROR,
            "Playwright is not installed",
            f"{rendered} cannot be crawled: the pages are rendered by a browser (render = true)",
            install_command("render"),
        )
    try:
        with sync_playwright() as playwright:
            executable, is_boxed = config.browser or None, os.geteuid() != 0
            browser = playwright.chromium.launch(
                executable_path=executable, args=list(LAUNCH_OPTIONS), chromium_sandbox=is_boxed
            )
            version = browser.version
            browser.close()
    except Exception as error:  # noqa: BLE001 - Playwright raises nothing narrower if its driver does not start
        first_line = str(error).partition("\n")[0]
        return _finding(
            "browser",
            Severity.ERROR,
            f"{config.browser or 'Chromium'} does not start ({first_line})",
            f"pages of {rendered} are stored but not rendered: most would have no text",
            "playwright install --with-deps chromium",
        )
    return _finding("browser", Severity.OK, f"Chromium {version} starts, to render pages of {rendered}")


ARCHIVE_CHECKS: tuple[Callable[[Config, datetime], Finding], ...] = (
    _check_folder,
    _check_sites,
    _check_contact,
    check_index,
    _check_open_files,
    _check_bucket,
    _check_clock,
)
