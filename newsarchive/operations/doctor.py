"""Checks of the installation and of the archive. They change nothing and send no requests to sites."""

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from importlib import metadata
from pathlib import Path

from newsarchive.access.access_rules import find_problems
from newsarchive.bucket.upload import describe_waiting, files_to_upload
from newsarchive.config.schema import FILE_NAME, Config
from newsarchive.config.toml_file import load_config
from newsarchive.crawl.browser import LAUNCH_OPTIONS
from newsarchive.operations.health import Finding, Severity, check_disks, check_health, make_finding
from storage.errors import ArchiveError, ConfigError, IndexNotCreated, IndexTooNew, IndexTooOld, NoArchive
from storage.extras import install_command, pip_command
from storage.index import Index
from storage.places.folder import lock_file

SCRAPY = "2.19"
"""Minor version that the recording downloader is written for."""
_PROBE = 65_536  # bytes that are written to see whether a folder takes them
_REFERRAL = re.compile(r"\s*[^.;]*: newsarchive doctor$")
"""End of an error message that refers to this command."""


def _ok(subject: str, sentence: str) -> Finding:
    code = subject.lower().replace(" ", "-")
    return Finding(severity=Severity.OK, code=code, subject=subject, sentence=sentence)


def run_checks(folder: Path | None, now: datetime) -> Iterator[Finding]:
    """Check Python and Scrapy, and the archive in `folder` unless it is None."""
    yield _ok("Python", f"{'.'.join(map(str, sys.version_info[:3]))} in {sys.prefix}")
    if (version := metadata.version("scrapy")).startswith(SCRAPY + "."):
        yield _ok("Scrapy", version)
    else:
        command = pip_command(f"scrapy~={SCRAPY}.0")
        yield make_finding("scrapy-version", version=version, required=SCRAPY, command=command)
    if folder is None:
        return
    try:
        config = load_config(folder)
    except NoArchive:
        yield make_finding("no-archive", file=FILE_NAME, folder=folder, quoted_folder=shlex.quote(str(folder)))
        return
    except ConfigError as error:
        yield make_finding("invalid-settings", problem=error)
        return
    checks = (_check_folder, _check_sites, _check_contact, check_index, _check_open_files, _check_bucket)
    findings = [check(config) for check in checks]
    yield from findings
    yield from check_disks(config)
    if any(site.render for site in config.sites):
        yield _check_browser(config)
    if not any(each.code == "index" and each.severity is Severity.ERROR for each in findings):
        yield from check_archive(config, now)


def check_archive(config: Config, now: datetime) -> Iterator[Finding]:
    """Yield the findings of `newsarchive status` but those on disk and bucket, which have checks of their own here."""
    with closing(Index.open(config.index, create=False)) as index:
        report = check_health(index, config, now)
        problems = find_problems(index, config)
    yield from (make_finding("unmatched-block", problem=problem) for problem in problems)
    yield from (each for each in report.findings if each.subject != "bucket" and not each.code.startswith("disk"))


def _check_folder(config: Config) -> Finding:
    for folder in (config.folder, config.warc_folder):
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                # On a full disk a file can be created, but not written.
                file.write(bytes(_PROBE))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return make_finding("folder-not-writable", folder=folder, reason=error.strerror)
    return _ok("folder", f"{config.folder} is writable")


def _check_contact(config: Config) -> Finding:
    if config.contact or "@" in config.user_agent or "http" in config.user_agent:
        return _ok("contact", config.user_agent)
    return make_finding("no-contact", user_agent=config.user_agent, file=config.folder / FILE_NAME)


def _check_sites(config: Config) -> Finding:
    return _ok("sites", ", ".join(site.name for site in config.sites)) if config.sites else make_finding("no-sites")


def check_index(config: Config) -> Finding:
    """Check that the index can be opened; a new archive has none yet."""
    scheme, _, place = config.index.partition("://")
    shown = f"{scheme}://{place.rpartition('@')[2]}"  # without a password
    is_server = scheme.startswith("postgresql")
    try:
        Index.open(config.index, create=False).close()
    except IndexTooNew as error:
        return make_finding("index-too-new", index=shown, found=error.facts["found"], known=error.facts["known"])
    except IndexTooOld as error:
        return make_finding("index-too-old", index=shown, found=error.facts["found"])
    except IndexNotCreated as error:
        if any(config.warc_folder.glob("*.warc*")):
            return make_finding("index-not-created", problem=error)
        return make_finding("index-new", index=shown, command="worker" if is_server else "crawl")
    except ArchiveError as error:
        check = "check the server and your access to it; if the index is lost: " if is_server else ""
        problem = _REFERRAL.sub("", str(error))
        return make_finding("index-unusable", problem=problem, command=f"{check}newsarchive rebuild")
    return _ok("index", f"{shown} has the schema of this version")


def _check_open_files(config: Config) -> Finding:
    waiting, running = list[str](), list[str]()
    for file in sorted(config.warc_folder.glob("*.open")):
        with suppress(FileNotFoundError), lock_file(file) as fd:  # closed meanwhile
            (running if fd is None else waiting).append(file.name)
    if waiting:
        return make_finding("files-left-open", names=", ".join(waiting))
    return _ok("open files", f"a crawl is running: {', '.join(running)}" if running else "none")


def _check_bucket(config: Config) -> Finding:
    places = config.places
    if places.bucket is None:
        return _ok("bucket", "none; all WARC files stay in the folder")
    try:
        count = sum(1 for _ in places.bucket.list_files())
    except ArchiveError as error:
        return make_finding("bucket-unusable", problem=error)
    if places.bucket.is_folder(places.folder):
        return make_finding("bucket-is-folder", bucket=places.bucket.url)
    found = f"{places.bucket.url} responds; it has {count:,} WARC files"
    if unsent := files_to_upload(places):
        return make_finding("bucket-behind", found=found, waiting=describe_waiting(unsent))
    return _ok("bucket", found)


def _check_browser(config: Config) -> Finding:
    """Start Chromium as a crawl does."""
    rendered = ", ".join(site.name for site in config.sites if site.render)
    try:
        from playwright.sync_api import sync_playwright  # an extra
    except ImportError:
        return make_finding("no-playwright", sites=rendered, command=install_command("render"))
    try:
        with sync_playwright() as playwright:
            executable, options, is_boxed = config.browser or None, list(LAUNCH_OPTIONS), os.geteuid() != 0
            browser = playwright.chromium.launch(executable_path=executable, args=options, chromium_sandbox=is_boxed)
            version = browser.version
            browser.close()
    except Exception as error:  # noqa: BLE001 - Playwright raises nothing narrower if its driver does not start
        first_line = str(error).partition("\n")[0]
        return make_finding("browser-fails", browser=config.browser or "Chromium", reason=first_line, sites=rendered)
    return _ok("browser", f"Chromium {version} starts, to render pages of {rendered}")
