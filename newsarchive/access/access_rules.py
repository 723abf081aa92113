"""Access rules: blocked URLs, hidden sites, embargoes. They apply to every page and every API.

A handler gets them without asking: `context.index` is a Reader that excludes what they name, counts and facets too.
"""

import logging
import re
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self
from urllib.parse import quote, unquote

from newsarchive.archive import Archive
from newsarchive.config.schema import FILE_NAME, Config
from newsarchive.config.toml_file import load_config
from storage.errors import ArchiveError, ConfigError
from storage.grouping import group_pairs
from storage.index.queries.cdx import has_url_with_prefix
from storage.index.reader import Reader
from storage.index.views.articles import Exclusions
from storage.urls import surt, surt_host, url_host

log = logging.getLogger(__name__)

_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_AUTHORITY = re.compile(r"^[^/?#\\]*")
_SURT = re.compile(r"\(?[^\s,.:/]+(?:,[^\s,/)]*)*(?:,|,?\)|,[^\s,/)]+)")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Captures that the archive's owner does not publish."""

    blocked: tuple[str, ...] = ()
    """Prefixes of SURT keys."""
    hidden: frozenset[str] = frozenset()
    """Site names."""
    noarchive: frozenset[str] = frozenset()
    """Names of sites that are obeyed where a page says noarchive."""
    embargoes: tuple[tuple[str, timedelta], ...] = ()
    """Minimum age of a published capture, by site."""

    @classmethod
    def from_config(cls, config: Config, *, lenient: bool = False) -> Self:
        """Return the rules of newsarchive.toml; ConfigError for an entry that cannot be read, unless `lenient`."""
        prefixes, problems = read_blocked(config.serve.blocked)
        if problems and not lenient:
            raise ConfigError(problems[0])
        return cls(
            blocked=prefixes,
            hidden=frozenset(site.name for site in config.sites if site.hidden),
            noarchive=frozenset(site.name for site in config.sites if site.noarchive == "obey"),
            embargoes=tuple((site.name, site.embargo) for site in config.sites if site.embargo),
        )

    @property
    def digest(self) -> str:
        """Digest of the rules, the same in every process: sets have no order of their own."""
        rules = {name: sorted(getattr(self, name)) for name in ("blocked", "hidden", "noarchive", "embargoes")}
        return sha256(repr(rules).encode()).hexdigest()[:16]

    def exclusions(self, now: datetime) -> Exclusions:
        """Return the exclusions at a time."""
        embargoes = tuple((name, now - age) for name, age in self.embargoes)
        return Exclusions(hidden=self.hidden, urlkeys=self.blocked, noarchive=self.noarchive, embargoes=embargoes)

    def hiding_unknown(self, archive: Archive, config: Config | None = None) -> Self:
        """Return rules that block hosts of hidden sites that the index does not know by name, as after an import."""
        known = {site.name for site in archive.index.sites()}
        unknown = [site for site in (config or archive.config).sites if site.hidden and site.name not in known]
        hosts = {host for site in unknown for host in (url_host(site.url), *site.hosts)}
        keys = {f"{surt_host(host)}{end}" for host in hosts for end in (")", ",")}
        return replace(self, blocked=tuple(sorted({*self.blocked, *keys})))

    def union(self, other: "AccessRules") -> "AccessRules":
        """Return rules that withhold what either does."""
        ages = group_pairs((*self.embargoes, *other.embargoes))
        return AccessRules(
            blocked=tuple(sorted({*self.blocked, *other.blocked})),
            hidden=self.hidden | other.hidden,
            noarchive=self.noarchive | other.noarchive,
            embargoes=tuple(sorted((name, max(both)) for name, both in ages.items())),
        )


class LiveAccessRules:
    """The rules of newsarchive.toml as the file is now. Each request asks for them: a change applies at once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._file = archive.folder / FILE_NAME
        self._stamp = self._read_stamp()
        self._rules = AccessRules.from_config(archive.config).hiding_unknown(archive)
        self._lock = threading.Lock()

    def get(self) -> AccessRules:
        """Return the rules; read them again if the file has changed."""
        with self._lock:
            stamp = self._read_stamp()
            if stamp != self._stamp:
                self.reload()
                self._stamp = stamp
        return self._rules

    def reload(self) -> None:
        """Read the rules again. With a mistake in the file, what was withheld before is withheld too."""
        try:
            config = load_config(self._archive.folder)
            rules = AccessRules.from_config(config, lenient=True).hiding_unknown(self._archive, config)
            problems = find_problems(self._archive.index, config)
        except ArchiveError as error:
            log.error("The access rules remain as they were: %s", error)  # noqa: TRY400 - the sentence is enough
            return
        for problem in problems:
            log.error("%s", problem)
        self._rules = rules if not problems else rules.union(self._rules)

    def _read_stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def check_blocked(archive: Archive) -> None:
    """Raise ConfigError if an entry of `blocked` cannot be read, or matches nothing in the archive."""
    if problems := find_problems(archive.index, archive.config):
        raise ConfigError(problems[0])


def find_problems(index: Reader, config: Config) -> list[str]:
    """Return a sentence for each entry of `blocked` that cannot be read, or that no URL of the index begins with."""
    sites = [surt(site.url) for site in config.sites]
    return read_blocked(config.serve.blocked)[1] + [
        f"blocked = [{entry!r}] matches no URL in the archive, so it withholds nothing; it may be misspelt. Correct or "
        f"remove it in {config.folder / FILE_NAME}. To see the spelling: newsarchive search WORDS"
        for entry in config.serve.blocked
        if (prefixes := urlkey_prefixes(entry))
        and not any(key.startswith(prefixes) for key in sites)
        and not index.ask(has_url_with_prefix, prefixes)
    ]


def read_blocked(entries: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the SURT prefixes of all readable entries, and a sentence for each other one."""
    prefixes: list[str] = []
    problems: list[str] = []
    for entry in entries:
        if found := urlkey_prefixes(entry):
            prefixes += found
        else:
            problems.append(
                f"blocked = [{entry!r}] names no host, so it would withhold nothing. Write the beginning of a URL, "
                'such as "https://news.example/private/", or of its SURT form'
            )
    return tuple(prefixes), problems


def urlkey_prefixes(entry: str) -> tuple[str, ...]:
    """Return the SURT prefixes of an entry: of a URL, with or without a scheme, or of a prefix in SURT form.

    >>> urlkey_prefixes("HTTPS://www.News.example.:443/%70rivate/"), urlkey_prefixes("example,news,")
    (('example,news)/private/',), ('example,news,',))
    >>> urlkey_prefixes("bücher.example"), urlkey_prefixes("private stuff")
    (('example,bücher)/', 'example,bücher:', 'example,xn--bcher-kva)/', 'example,xn--bcher-kva:'), ())
    """
    scheme, rest = _SCHEME.match(entry.strip()), _SCHEME.sub("", entry.strip())
    authority, path = _AUTHORITY.match(rest), _AUTHORITY.sub("", rest)
    host = authority[0].rpartition("@")[2].lower() if authority else ""
    if _SURT.fullmatch(host):
        return (f"{host.removeprefix('(').replace(',)', ')')}{path.lower()}",)
    is_wild, host = host.startswith("*."), host.removeprefix("*.")
    name, port = (host, "") if ":" not in host or host.endswith("]") else host.rsplit(":", 1)
    name = name.rstrip(".")
    if not _HOST.fullmatch(name) or not ("." in name or name[0] == "[" or scheme or name == "localhost"):
        return ()
    names = {name}
    with suppress(UnicodeError):
        names.add(name.encode("idna").decode())
    with suppress(UnicodeError):
        names.add(name.encode("ascii").decode("idna"))
    tail = f":{port}" if port not in {"80", "443", ""} else ""
    paths = {path, unquote(path), quote(unquote(path), safe="/?#&=+,;:@!$'()*~-._")}
    keys = {surt(f"http://{each}{tail}{after or '/'}") for each in names for after in paths}
    wide = ("," * is_wild, ":" * (not port and path in {"", "/"}))  # a host without port and path is meant on each port
    return tuple(sorted(keys | {surt_host(each) + end for each in names for end in wide if end}))
