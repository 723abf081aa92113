"""The file newsarchive.toml: read it, name its mistakes, and add to it without touching what its owner wrote."""

import json
import os
import re
import shutil
import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsarchive.config.hours import Hours
from newsarchive.config.schema import (
    FILE_NAME,
    SERVE_SETTINGS,
    SETTINGS,
    SITE_SETTINGS,
    Config,
    ServeConfig,
    Setting,
    SiteConfig,
)
from newsarchive.config.units import write_duration
from newsarchive.version import VERSION
from storage.errors import ConfigError, NoArchive, StorageError
from storage.references import resolved

SERVE = "serve"
if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

LIKELY = ("operator", "contact", "obey_robots", "delay", "recheck", "warc_size", "index")
"""What an owner may want to change first; a new file shows these, as comments. docs/settings.md has all."""


def load(folder: Path) -> Config:
    """Read the archive's settings; NoArchive where there is no newsarchive.toml, ConfigError where it is wrong."""
    file = folder / FILE_NAME
    try:
        text = file.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise NoArchive(str(folder)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file} is not UTF-8 text (byte {error.start}); nothing was done. Save it as UTF-8"
        ) from None
    except OSError as error:
        raise StorageError(f"{file} cannot be read ({error.strerror}); nothing was done") from error
    return parse(text, folder)


def parse(text: str, folder: Path) -> Config:
    """Read settings from the text of a newsarchive.toml that lies in `folder`."""
    return _Reader(text, folder.absolute()).config()


def starter(**known: str) -> str:
    """The text of a new newsarchive.toml: the likely settings as comments, those in `known` as values."""
    lines = [
        "# Settings of this news archive. Every setting and its meaning: docs/settings.md of newsarchive.",
        "# A line that begins with # is a comment and shows the default.",
    ]
    for setting in SETTINGS:
        if setting.name in known:
            lines += ["", f"# {setting.meaning}.", f"{setting.name} = {toml(known[setting.name])}"]
        elif setting.name in LIKELY:
            lines += ["", f"# {setting.meaning}.", f"# {setting.name} = {toml(setting.default)}"]
    lines += ["", "# The sites. To add one: newsarchive add URL", ""]
    return "\n".join(lines)


def create(folder: Path, **known: str) -> Config:
    """Make a newsarchive.toml in a folder, and the folder where it is missing; ConfigError where there is one."""
    file = folder / FILE_NAME
    if file.exists():
        raise ConfigError(
            f"there is an archive in {folder} already; nothing was changed. To add a site to it: "
            f"newsarchive add URL --archive {folder}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made ({error.strerror}); nothing was archived") from error
    write_whole(file, starter(**known))
    return load(folder)


def site_block(site: SiteConfig, notes: Mapping[str, str] | None = None) -> str:
    """The [[site]] table of a site, without what has its default value; `notes` has a comment by setting."""
    lines = ["", "[[site]]"]
    for setting in SITE_SETTINGS:
        value = getattr(site, setting.name)
        if note := (notes or {}).get(setting.name):
            lines += textwrap.wrap(note, 110, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
        if setting.required or (value is not None and value != _default(setting)):
            lines += _assignment(setting.name, value)
    return "\n".join(lines) + "\n"


def _assignment(name: str, value: object) -> list[str]:
    """One line, or a line an item where that one would be too long to read."""
    line = f"{name} = {toml(value)}"
    if len(line) <= 110 or not isinstance(value, tuple):
        return [line]
    return [f"{name} = [", *(f"    {toml(item)}," for item in value), "]"]


def add_site(folder: Path, site: SiteConfig, notes: Mapping[str, str] | None = None) -> Config:
    """Append a [[site]] to the file and return the new settings. What stands in the file stays, to the byte."""
    file = folder / FILE_NAME
    config = load(folder)
    for known in config.sites:
        if known.name == site.name or known.url == site.url:
            raise ConfigError(
                f"{file} has the site {known.name!r} ({known.url}) already; nothing was changed. To crawl it: "
                f"newsarchive crawl {known.name}. To name another site yourself: newsarchive add URL --name NAME"
            )
    with file.open(encoding="utf-8", newline="") as owners:
        text = owners.read()
    longer = text + ("" if text.endswith("\n") or not text else "\n") + site_block(site, notes)
    added = parse(longer, folder)
    write_whole(file, longer)
    return added


def set_index(folder: Path, address: str) -> Config:
    """Let the file name another index, and return the new settings. All its other lines stay, to the byte."""
    file = folder / FILE_NAME
    with file.open(encoding="utf-8", newline="") as owners:
        text = owners.read()
    changed = _with_index(text, f"index = {toml(address)}")
    wanted = index_url(address, folder.absolute())
    try:
        if (config := parse(changed, folder)).index == wanted:
            write_whole(file, changed)
            return config
    except ConfigError:
        pass  # the line was not what it looked like
    raise ConfigError(
        f"{file} is written in a way that only its owner can change; it is as it was. Write into it, above the first "
        f"[[site]]: index = {toml(address)}"
    )


def _with_index(text: str, line: str) -> str:
    """The text with this line in the place of that of the setting, or below its comment, or above the first table."""
    lines = text.splitlines(keepends=True)
    tables = next((number for number, each in enumerate(lines) if re.match(r"\s*\[", each)), len(lines))
    end = "\r\n" if text.count("\r\n") > text.count("\n") / 2 else "\n"
    head = lines[:tables]
    own = next((number for number, each in enumerate(head) if re.match(r"\s*([\"']?)index\1\s*=", each)), None)
    if own is not None:
        lines[own] = line + end
        return "".join(lines)
    shown = next((number for number, each in enumerate(head) if re.match(r"#\s*index\s*=", each)), None)
    place = tables if shown is None else shown + 1
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += end
    lines.insert(place, line + end)
    return "".join(lines)


def write_whole(file: Path, text: str) -> None:
    """Put text in the place of a file's, all of it or nothing."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if file.exists():
            shutil.copymode(file, beside)
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(f"{file} cannot be written ({error.strerror}); it is as it was") from error


class _Reader:
    """One reading of one file: keeps the text at hand, so that a mistake can be shown by its line."""

    def __init__(self, text: str, folder: Path) -> None:
        self.text = text
        self.folder = folder
        self.file = folder / FILE_NAME

    def config(self) -> Config:
        try:
            data = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{self.file} is not TOML: {error}; nothing was done") from None
        tables = data.pop("site", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._wrong("site", None, "sites are written as [[site]], in double brackets")
        serve = data.pop("serve", {})
        if not isinstance(serve, dict):
            raise self._wrong("serve", None, "how the archive is served is written below [serve]")
        values = self._values(data, SETTINGS, None)
        values["serve"] = ServeConfig(**self._values(serve, SERVE_SETTINGS, SERVE))
        sites = tuple(self._site(table, number) for number, table in enumerate(tables))
        self._unique(sites)
        return _resolved(Config(folder=self.folder, sites=sites, **values))

    def _site(self, table: dict[str, Any], number: int) -> SiteConfig:
        layouts = table.pop("layout", None)
        values = self._values(table, SITE_SETTINGS, number)
        for setting in SITE_SETTINGS:
            if setting.required and setting.name not in values:
                raise self._wrong("[[site]]", number, f"the site has no {setting.name}; write: {setting.name} = ...")
        site = SiteConfig(**values, layouts=self._layouts(layouts, number))
        return replace(
            site,
            listings=tuple(resolved(site.url, each) for each in site.listings),
            feeds=tuple(resolved(site.url, each) for each in site.feeds),
            sitemaps=tuple(resolved(site.url, each) for each in site.sitemaps),
        )

    def _layouts(self, tables: object, site: int) -> "Layouts | None":
        """The [[site.layout]] tables of a site; what they need is loaded for those who have some."""
        if tables is None:
            return None
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._wrong("layout", site, "layouts are written as [[site.layout]], in double brackets")
        layout = import_module("newsarchive.extract.site_layout")
        entries = []
        for number, table in enumerate(tables):
            try:
                entries.append(layout.read_layout(table))
            except layout.BadLayout as error:
                line = self._line_of_layout(error.key, site, number)
                raise ConfigError(
                    f"{self.file}, line {line}: {error}. Nothing was done. To try a layout on a saved page: "
                    f"newsarchive extract FILE --url URL --explain --archive {self.folder}"
                ) from None
        read: Layouts = layout.Layouts(entries=tuple(entries))
        return read

    def _values(self, table: dict[str, Any], settings: Sequence[Setting], site: int | str | None) -> dict[str, Any]:
        by_name = {setting.name: setting for setting in settings}
        values = {}
        for key, raw in table.items():
            if key not in by_name:
                raise self._wrong(key, site, self._unknown(key, by_name, site))
            try:
                values[key] = by_name[key].kind.read(raw)
            except ValueError as error:
                raise self._wrong(key, site, f"{key} = {toml(raw)}: {error}") from None
        return values

    def _unknown(self, key: str, known: Iterable[str], site: int | str | None) -> str:
        """TOML gives every key below a [[site]] to that site, which catches everyone once."""
        if isinstance(site, int) and any(setting.name == key for setting in SETTINGS):
            return (
                f"{key} is no setting of a site; if it is meant for the whole archive, move it above the first [[site]]"
            )
        if site is None and any(setting.name == key for setting in SITE_SETTINGS):
            return f"{key} is a setting of a site; move it below a [[site]]"
        if site is None and any(setting.name == key for setting in SERVE_SETTINGS):
            return f"{key} is a setting of the browser; move it below [serve]"
        near = get_close_matches(key, known, n=1)
        return f"there is no setting {key!r}" + (f"; it may be meant for {near[0]!r}" if near else "")

    def _unique(self, sites: Sequence[SiteConfig]) -> None:
        seen: set[str] = set()
        for number, site in enumerate(sites):
            if site.name in seen:
                raise self._wrong("name", number, f"two sites are named {site.name!r}; give one another name")
            seen.add(site.name)

    def _wrong(self, key: str, site: int | str | None, what: str) -> ConfigError:
        return ConfigError(
            f"{self.file}, line {self._line(key, site)}: {what}. Nothing was done. All settings: docs/settings.md"
        )

    def _line(self, key: str, site: int | str | None) -> int:
        """Where the key stands; tomllib does not tell, so it is looked for below the header of its own table."""
        table: int | str | None = None
        sites, first = 0, 1
        wanted = re.compile(rf"\s*(\[+\s*)?([a-z]+\.)?[\"']?{re.escape(key)}[\"']?\s*[]=.]")
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(r"\s*\[\[\s*site\s*]]", line):
                table, sites = sites, sites + 1
                first = number if table == site else first
            elif re.match(r"\s*\[\s*serve\s*[].]", line):
                table = SERVE
                first = number if table == site else first
            if table == site and wanted.match(line):
                return number
        return first

    def _line_of_layout(self, key: str, site: int, layout: int) -> int:
        """Where a key of the site's layout stands; the line of its header where the key is not found below it."""
        sites = layouts = -1
        first = 1
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(r"\s*\[\[\s*site\s*]]", line):
                sites, layouts = sites + 1, -1
            elif re.match(r"\s*\[\[\s*site\s*\.\s*layout\s*]]", line):
                layouts += 1
                first = number if (sites, layouts) == (site, layout) else first
            elif (sites, layouts) == (site, layout) and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return first


def _resolved(config: Config) -> Config:
    """Settings with a meaning relative to the folder or to each other, worked out."""
    return replace(
        config,
        warc_folder=config.folder / config.warc_folder,
        index=index_url(config.index, config.folder),
        user_agent=config.user_agent or honest_user_agent(config.contact),
    )


def index_url(index: str, folder: Path) -> str:
    """SQLAlchemy's URL of the index.

    >>> index_url("", Path("/morgue")), index_url("postgresql://db/news", Path("/morgue"))
    ('sqlite:////morgue/index.sqlite3', 'postgresql+psycopg://db/news')
    """
    if index.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + index.partition("://")[2]
    if "://" in index and not index.startswith("sqlite:///"):
        return index
    return f"sqlite:///{folder / Path(index.removeprefix('sqlite:///') or 'index.sqlite3').expanduser()}"


def honest_user_agent(contact: str) -> str:
    """Name, version and where to reach the archive's owner.

    >>> honest_user_agent("https://morgue.example/bot").partition(" ")[2]
    '(+https://morgue.example/bot)'
    """
    return f"newsarchive/{VERSION} (+{contact})" if contact else f"newsarchive/{VERSION}"


def _default(setting: Setting) -> object:
    return None if setting.default is None else setting.kind.read(setting.default)


def toml(value: object) -> str:
    """One value as TOML. JSON's strings are TOML's, but for DEL."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case timedelta():
            return toml(write_duration(value))
        case Hours():
            return toml(str(value))
        case list() | tuple():
            return "[" + ", ".join(toml(item) for item in value) + "]"
        case _:
            return str(value)
