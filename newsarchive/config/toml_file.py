"""The file newsarchive.toml: parse it, report mistakes by line, and add to it without changing the owner's lines."""

import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from newsarchive.config.schema import (
    FILE_NAME,
    SERVE_SETTINGS,
    SETTINGS,
    SITE_SETTINGS,
    Config,
    ConfigSetting,
    ServeConfig,
    SiteConfig,
)
from newsarchive.config.units import Hours, format_duration
from newsarchive.version import VERSION
from storage.errors import ConfigError, NoArchive, StorageError
from storage.index_address import SQLITE, sqlite_address
from storage.places.folder import write_atomic
from storage.urls import resolve_url, strip_www, url_host

if TYPE_CHECKING:
    from newsarchive.extract.site_layout import Layouts

SERVE = "serve"
Table: TypeAlias = "str | int | tuple[int, int] | None"
"""A table of the file: None for the top level, SERVE, the number of a [[site]], or those of a [[site.layout]]."""
STARTER_SETTINGS = ("operator", "contact", "obey_robots", "delay", "recheck", "warc_size", "index")
"""Settings that a new file shows as comments, because an owner may want to change them first."""


def load_config(folder: Path) -> Config:
    """Read the archive's settings.

    Raises:
        NoArchive: The folder has no newsarchive.toml.
        ConfigError: The file has a mistake.
    """
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
        raise StorageError(
            f"{file} cannot be read ({error.strerror}); nothing was done. Check its permissions: ls -l {file}"
        ) from error
    return parse_config(text, folder)


def parse_config(text: str, folder: Path) -> Config:
    """Read settings from the text of a newsarchive.toml in `folder`."""
    return _ConfigParser(text, folder.absolute()).config()


def format_starter_file(**known: str) -> str:
    """Return the text of a new newsarchive.toml, with `known` settings as values and likely ones as comments."""
    lines = [
        "# Settings of this news archive. All settings: newsarchive help settings",
        "# A line that begins with # is a comment and shows the default.",
    ]
    for setting in SETTINGS:
        if setting.name in known:
            lines += ["", f"# {setting.meaning}.", f"{setting.name} = {to_toml(known[setting.name])}"]
        elif setting.name in STARTER_SETTINGS:
            lines += ["", f"# {setting.meaning}.", f"# {setting.name} = {to_toml(setting.default)}"]
    lines += ["", "# The sites. To add one: newsarchive add URL", ""]
    return "\n".join(lines)


def create_config_file(folder: Path, **known: str) -> Config:
    """Create a newsarchive.toml, and its folder if needed; ConfigError if there is one."""
    file = folder / FILE_NAME
    if file.exists():
        raise ConfigError(
            f"there is an archive in {folder} already; nothing was changed. To add a site to it: "
            f"newsarchive add URL --archive {shlex.quote(str(folder))}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be created ({error.strerror}); nothing was archived. Create it, or choose another "
            "folder: newsarchive init DIR"
        ) from error
    write_atomic(file, format_starter_file(**known), mode=0o600)
    return load_config(folder)


def format_site(site: SiteConfig, notes: Mapping[str, str] | None = None) -> str:
    """Return the [[site]] table of a site without its default values; `notes` are comments by setting."""
    lines = ["", "[[site]]"]
    for setting in SITE_SETTINGS:
        value = getattr(site, setting.name)
        if note := (notes or {}).get(setting.name):
            lines += textwrap.wrap(note, 110, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
        default = None if setting.default is None else setting.value_type.parse(setting.default)
        if setting.required or (value is not None and value != default):
            lines += _format_assignment(setting.name, value)
    return "\n".join(lines) + "\n"


def _format_assignment(name: str, value: object) -> list[str]:
    """Return one line, or one line an item if that line would be too long."""
    line = f"{name} = {to_toml(value)}"
    if len(line) <= 110 or not isinstance(value, tuple):
        return [line]
    return [f"{name} = [", *(f"    {to_toml(item)}," for item in value), "]"]


def add_site(folder: Path, site: SiteConfig, notes: Mapping[str, str] | None = None) -> Config:
    """Append a [[site]] to the file and return the new settings. The rest of the file stays byte for byte."""
    file = folder / FILE_NAME
    config = load_config(folder)
    for known in config.sites:
        hosts = {strip_www(host) for host in (url_host(known.url), *(host.lower() for host in known.hosts))}
        if strip_www(url_host(site.url)) in hosts and front_page_key(known.url) != front_page_key(site.url):
            raise ConfigError(
                f"the host of {site.url} belongs to the site {known.name!r} in {file}; nothing was changed, as its"
                f" pages would belong to either. To crawl a section of that site, add its URL to `listings` of"
                f" {known.name!r}. To make the host a site of its own, remove it from `hosts` of {known.name!r} first"
            )
        if known.name == site.name or front_page_key(known.url) == front_page_key(site.url):
            raise ConfigError(
                f"{file} has the site {known.name!r} ({known.url}) already; nothing was changed. To crawl it: "
                f"newsarchive crawl {known.name}. To choose another name for the new site: "
                "newsarchive add URL --name NAME"
            )
    text = _read_exactly(file)
    longer = text + ("" if text.endswith("\n") or not text else "\n") + format_site(site, notes)
    added = parse_config(longer, folder)
    write_atomic(file, longer)
    return added


def front_page_key(url: str) -> str:
    """Return what front pages of one site have in common: not the scheme, "www." and a slash at the end.

    >>> front_page_key("https://www.News.example/") == front_page_key("http://news.example")
    True
    """
    host, slash, path = url.partition("://")[2].partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{path}".rstrip("/")


def add_former_name(folder: Path, site: str, former: str) -> Config:
    """Add a former name to a [[site]] of the file, and return the new settings. All other lines stay byte for byte."""
    file = folder / FILE_NAME
    text = _read_exactly(file)
    known = next(each for each in parse_config(text, folder).sites if each.name == site)
    line = f"former_names = {to_toml((*known.former_names, former))}"
    for changed in _insert_former_names(text, line):
        try:
            config = parse_config(changed, folder)
        except ConfigError:
            continue
        if config.former_names.get(former) == site:
            write_atomic(file, changed)
            return config
    raise ConfigError(
        f"{file} cannot be changed automatically; nothing was done. The site {site} was called {former} before. Write"
        f" below its name: {line}"
    )


def _insert_former_names(text: str, line: str) -> Iterator[str]:
    """Yield the text with a line of a site's former names below each line that may be the site's name."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if text.count("\r\n") > text.count("\n") / 2 else "\n"
    for number, each in enumerate(lines):
        if not re.match(r"\s*([\"']?)name\1\s*=", each):
            continue
        table = next((n for n in range(number + 1, len(lines)) if re.match(r"\s*\[", lines[n])), len(lines))
        rest = [one for one in lines[number + 1 : table] if not re.match(r"\s*former_names\s*=", one)]
        head = [*lines[:number], each if each.endswith("\n") else each + end, line + end]
        yield "".join((*head, *rest, *lines[table:]))


def set_index(folder: Path, address: str) -> Config:
    """Change the setting `index` in the file, and return the new settings. All other lines stay byte for byte."""
    file = folder / FILE_NAME
    changed = _replace_index_line(_read_exactly(file), f"index = {to_toml(address)}")
    try:
        if (config := parse_config(changed, folder)).index == index_url(address, folder.absolute()):
            write_atomic(file, changed)
            return config
    except ConfigError:
        pass  # the line was part of something else, such as a text of several lines
    raise ConfigError(
        f"the setting index in {file} cannot be changed automatically; the file is unchanged. Write into it, above the "
        f"first [[site]]: index = {to_toml(address)}"
    )


def _replace_index_line(text: str, line: str) -> str:
    """Return the text with this line in place of the old one, or below its comment, or above the first table."""
    # tomlkit would not place the line below its comment, nor keep Windows line endings.
    lines = text.splitlines(keepends=True)
    tables = next((number for number, each in enumerate(lines) if re.match(r"\s*\[", each)), len(lines))
    end = "\r\n" if text.count("\r\n") > text.count("\n") / 2 else "\n"
    head = lines[:tables]
    own = next((number for number, each in enumerate(head) if re.match(r"\s*([\"']?)index\1\s*=", each)), None)
    if own is not None:
        lines[own] = line + end
        return "".join(lines)
    comment = next((number for number, each in enumerate(head) if re.match(r"#\s*index\s*=", each)), None)
    place = tables if comment is None else comment + 1
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += end
    lines.insert(place, line + end)
    return "".join(lines)


def _read_exactly(file: Path) -> str:
    with file.open(encoding="utf-8", newline="") as opened:
        return opened.read()


class _ConfigParser:
    """Parses one file; keeps its text, so that a mistake can be reported with its line."""

    def __init__(self, text: str, folder: Path) -> None:
        self.text = text
        self.folder = folder
        self.file = folder / FILE_NAME

    def config(self) -> Config:
        try:
            data = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(
                f"{self.file} is not TOML: {error}; nothing was done. Correct that line; all settings: "
                "newsarchive help settings"
            ) from None
        tables = data.pop("site", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error("site", None, "sites are written as [[site]], in double brackets")
        serve = data.pop("serve", {})
        if not isinstance(serve, dict):
            raise self._error("serve", None, "settings of `newsarchive serve` are written below [serve]")
        scrapy = data.pop("scrapy", {})
        if not isinstance(scrapy, dict) or not all(name.isupper() for name in scrapy):
            raise self._error("scrapy", None, "settings of Scrapy's are written below [scrapy], in capitals")
        values = self._values(data, SETTINGS, None)
        values["serve"] = ServeConfig(**self._values(serve, SERVE_SETTINGS, SERVE))
        sites = tuple(self._site(table, number) for number, table in enumerate(tables))
        self._require_unique_sites(sites)
        return _resolve(Config(folder=self.folder, sites=sites, scrapy=scrapy, **values))

    def _site(self, table: dict[str, Any], number: int) -> SiteConfig:
        layouts = table.pop("layout", None)
        values = self._values(table, SITE_SETTINGS, number)
        for setting in SITE_SETTINGS:
            if setting.required and setting.name not in values:
                raise self._error("[[site]]", number, f"the site has no {setting.name}; write: {setting.name} = ...")
        site = SiteConfig(**values, layouts=self._layouts(layouts, number))
        return replace(
            site,
            listings=tuple(resolve_url(site.url, each) for each in site.listings),
            feeds=tuple(resolve_url(site.url, each) for each in site.feeds),
            sitemaps=tuple(resolve_url(site.url, each) for each in site.sitemaps),
        )

    def _layouts(self, tables: object, site: int) -> "Layouts | None":
        """Parse the [[site.layout]] tables of a site. Their parser is imported only if there are any."""
        if tables is None:
            return None
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error("layout", site, "layouts are written as [[site.layout]], in double brackets")
        from newsarchive.extract.site_layout import LayoutError, Layouts, read_layout

        entries = []
        for number, table in enumerate(tables):
            try:
                entries.append(read_layout(table))
            except LayoutError as error:
                line = self._find_line(error.key, (site, number))
                raise ConfigError(
                    f"{self.file}, line {line}: {error}. Nothing was done. To try a layout on a saved page: "
                    f"newsarchive extract FILE --url URL --explain --archive {shlex.quote(str(self.folder))}"
                ) from None
        return Layouts(entries=tuple(entries))

    def _values(self, table: dict[str, Any], settings: Sequence[ConfigSetting], where: Table) -> dict[str, Any]:
        by_name = {setting.name: setting for setting in settings}
        values = {}
        for key, raw in table.items():
            if key not in by_name:
                raise self._error(key, where, self._describe_unknown(key, by_name, where))
            try:
                values[key] = by_name[key].value_type.parse(raw)
            except ValueError as error:
                raise self._error(key, where, f"{key} = {to_toml(raw)}: {error}") from None
        return values

    def _describe_unknown(self, key: str, known: Iterable[str], where: Table) -> str:
        """Name the right table for a key in the wrong one: TOML gives every key below a [[site]] to that site."""
        if isinstance(where, int) and any(setting.name == key for setting in SETTINGS):
            return (
                f"{key} is no setting of a site; if it is meant for the whole archive, move it above the first [[site]]"
            )
        if where is None and any(setting.name == key for setting in SITE_SETTINGS):
            return f"{key} is a setting of a site; move it below a [[site]]"
        if where is None and any(setting.name == key for setting in SERVE_SETTINGS):
            return f"{key} is a setting of the browser; move it below [serve]"
        close = get_close_matches(key, known, n=1)
        return f"there is no setting {key!r}" + (f"; did you mean {close[0]!r}?" if close else "")

    def _require_unique_sites(self, sites: Sequence[SiteConfig]) -> None:
        seen: set[str] = set()
        by_front_page: dict[str, str] = {}
        for number, site in enumerate(sites):
            if site.name in seen:
                raise self._error("name", number, f"two sites are named {site.name!r}; rename one")
            seen.add(site.name)
            same = by_front_page.setdefault(front_page_key(site.url), site.name)
            if same != site.name:
                raise self._error("url", number, f"the site {same!r} has this front page already; remove one of them")
        for number, site in enumerate(sites):
            for former in site.former_names:
                if former in seen:
                    raise self._error("former_names", number, f"{former!r} is the name of another site")
                seen.add(former)

    def _error(self, key: str, where: Table, what: str) -> ConfigError:
        end = "" if what.endswith("?") else "."
        return ConfigError(
            f"{self.file}, line {self._find_line(key, where)}: {what}{end} Nothing was done. All settings: "
            "newsarchive help settings"
        )

    def _find_line(self, key: str, table: Table) -> int:
        """Return the line of a key of a table, or the table's first line: tomllib does not report lines."""
        pattern = re.compile(rf"\s*(\[+\s*)?([a-z]+\.)?[\"']?{re.escape(key)}[\"']?\s*[]=.]")
        first = 0
        for number, line, current in self._iter_lines():
            if current == table:
                first = first or number
                if pattern.match(line):
                    return number
        return first or 1

    def _iter_lines(self) -> Iterator[tuple[int, str, Table]]:
        """Yield the lines with their numbers and tables."""
        table: Table = None
        sites = layouts = -1
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(r"\s*\[\[\s*site\s*]]", line):
                sites, layouts = sites + 1, -1
                table = sites
            elif re.match(r"\s*\[\[\s*site\s*\.\s*layout\s*]]", line):
                layouts += 1
                table = (sites, layouts)
            elif re.match(r"\s*\[\s*serve\s*[].]", line):
                table = SERVE
            yield number, line, table


def _resolve(config: Config) -> Config:
    """Resolve settings that depend on the folder or on each other."""
    return replace(
        config,
        warc_folder=config.folder / config.warc_folder,
        search_folder=config.folder / config.search_folder,
        time_authorities=config.folder / config.time_authorities if config.time_authorities else None,
        index=index_url(config.index, config.folder),
        user_agent=config.user_agent or default_user_agent(config.contact),
    )


def index_url(index: str, folder: Path) -> str:
    """Return SQLAlchemy's URL of the index.

    >>> index_url("", Path("/morgue")), index_url("postgresql://db/news", Path("/morgue"))
    ('sqlite:////morgue/index.sqlite3', 'postgresql+psycopg://db/news')
    """
    if index.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + index.partition("://")[2]
    if "://" in index and not index.startswith(SQLITE):
        return index
    return sqlite_address(folder / Path(index.removeprefix(SQLITE) or "index.sqlite3").expanduser())


def default_user_agent(contact: str) -> str:
    """Return name, version and contact as a User-Agent header.

    >>> default_user_agent("https://morgue.example/bot").partition(" ")[2]
    '(+https://morgue.example/bot)'
    """
    return f"newsarchive/{VERSION} (+{contact})" if contact else f"newsarchive/{VERSION}"


def to_toml(value: object) -> str:
    """Return a value as TOML. Strings of JSON are strings of TOML, except for DEL."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case timedelta():
            return to_toml(format_duration(value))
        case Hours():
            return to_toml(str(value))
        case list() | tuple():
            return "[" + ", ".join(to_toml(item) for item in value) + "]"
        case _:
            return str(value)
