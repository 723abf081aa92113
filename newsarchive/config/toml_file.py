"""The file newsarchive.toml: parse it, report mistakes by line, and add to it without changing the owner's lines."""

import json
import os
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from newsarchive.config import schema
from newsarchive.config.schema import FILE_NAME, Config, SiteConfig
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
"""A table of the file: None for the top level, SERVE, "alert 0", numbers of a [[site]] or layout."""
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
        raise NoArchive(folder=folder, quoted=shlex.quote(str(folder))) from None
    except UnicodeDecodeError as error:
        raise ConfigError.create("settings-not-utf8", file=file, place=error.start) from None
    except OSError as error:
        raise StorageError.create("settings-unreadable", file=file, reason=error.strerror) from error
    return parse_config(text, folder)


def read_config(folder: Path) -> Config:
    """Return newsarchive.toml as it is now, for long processes: it is parsed again if the file has changed."""
    state = (folder / FILE_NAME).stat()
    return _load_once(folder, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=1)  # of thousands of sites it takes a second
def _load_once(folder: Path, *_state: int) -> Config:
    return load_config(folder)


def parse_config(text: str, folder: Path) -> Config:
    """Read settings from the text of a newsarchive.toml in `folder`."""
    folder = folder.absolute()
    if os.fsencode(folder) != str(folder).encode(errors="replace"):  # the URL of its database is text
        raise ConfigError(f"the name of the folder {folder} is not UTF-8; nothing was done. Choose another name")
    return _ConfigParser(text, folder).config()


def format_starter_file(**known: str) -> str:
    """Return the text of a new newsarchive.toml, with `known` settings as values and likely ones as comments."""
    lines = [
        "# Settings of this news archive. All settings: newsarchive help settings",
        "# A line that begins with # is a comment and shows the default.",
    ]
    for setting in schema.SETTINGS:
        if setting.name in (*known, *STARTER_SETTINGS):
            mark, value = ("", known[setting.name]) if setting.name in known else ("# ", setting.default)
            lines += ["", f"# {setting.meaning}.", f"{mark}{setting.name} = {to_toml(value)}"]
    lines += ["", "# The sites. To add one: newsarchive add URL", ""]
    return "\n".join(lines)


def create_config_file(folder: Path, **known: str) -> Config:
    """Create a newsarchive.toml, and its folder if needed; ConfigError if there is one, or a setting is unknown."""
    if unknown := known.keys() - {setting.name for setting in schema.SETTINGS}:
        raise ConfigError(f"no setting is named {min(unknown)!r}; nothing was changed. See: newsarchive help settings")
    if (file := folder / FILE_NAME).exists():
        raise ConfigError.create("archive-exists", folder=folder, quoted=shlex.quote(str(folder)))
    config = parse_config(text := format_starter_file(**known), folder)
    with StorageError.replace_os_errors("archive-not-created", folder=folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_atomic(file, text, mode=0o600)
    return config


def format_site(site: SiteConfig, notes: Mapping[str, str] | None = None) -> str:
    """Return the [[site]] table of a site without its default values; `notes` are comments by setting."""
    lines = ["", "[[site]]"]
    for setting in schema.SITE_SETTINGS:
        value = getattr(site, setting.name)
        if note := (notes or {}).get(setting.name):
            lines += textwrap.wrap(note, 110, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
        default = None if setting.default is None else setting.value_type.parse(setting.default)
        if setting.required or (value is not None and value != default):
            line = f"{setting.name} = {to_toml(value)}"
            is_long = len(line) > 110 and isinstance(value, tuple)
            lines += [f"{setting.name} = [", *(f"    {to_toml(item)}," for item in value), "]"] if is_long else [line]
    return "\n".join(lines) + "\n"


def add_site(folder: Path, site: SiteConfig, notes: Mapping[str, str] | None = None) -> Config:
    """Append a [[site]] to the file and return the new settings. The rest of the file stays byte for byte."""
    file = folder / FILE_NAME
    for known in load_config(folder).sites:
        hosts = {strip_www(host) for host in (url_host(known.url), *(host.lower() for host in known.hosts))}
        if strip_www(url_host(site.url)) in hosts and front_page_key(known.url) != front_page_key(site.url):
            raise ConfigError.create("host-taken", url=site.url, name=known.name, file=file)
        if known.name == site.name or front_page_key(known.url) == front_page_key(site.url):
            raise ConfigError.create("site-exists", file=file, name=known.name, url=known.url)
    text = file.read_bytes().decode()
    longer = text + ("" if text.endswith("\n") or not text else "\n") + format_site(site, notes)
    config = parse_config(longer, folder)
    write_atomic(file, longer)
    return config


def front_page_key(url: str) -> str:
    """Return what front pages of one site have in common: not the scheme, "www." and a slash at the end.

    >>> front_page_key("https://www.News.example/") == front_page_key("http://news.example")
    True
    """
    host, slash, path = url.partition("://")[2].partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{path}".rstrip("/")


def rename_site(folder: Path, old: str, name: str, former: str = "") -> Config:
    """Change the name of a [[site]] of the file, and add the old one, or another, to its `former_names`.

    Returns the new settings. All other lines stay byte for byte.
    """
    config, former = load_config(folder), former or old
    (site,) = config.select_sites([old])
    number = config.sites.index(site)
    former_names = (*(each for each in site.former_names if each != name), former)
    named = replace(site, name=name, former_names=former_names)
    wanted = replace(config, sites=(*config.sites[:number], named, *config.sites[number + 1 :]))
    text = (folder / FILE_NAME).read_bytes().decode()
    text = _set_value(text, _find_site(text, number)[:2], "name", name) if name != site.name else text
    text = _set_value(text, _find_site(text, number)[:2], "former_names", former_names)
    advice = f"Write into the [[site]] {site.name}: name = {to_toml(name)}, former_names = {to_toml(former_names)}"
    return _write_checked(folder, text, wanted, advice)


def remove_site(folder: Path, name: str) -> Config:
    """Remove a [[site]] from the file with the comments above it, and return the new settings."""
    config = load_config(folder)
    (site,) = config.select_sites([name])
    if site.hidden or site.embargo:
        raise ConfigError.create("site-withheld", name=name)
    wanted = replace(config, sites=tuple(each for each in config.sites if each != site))
    text = (folder / FILE_NAME).read_bytes().decode()
    begin, _, end = _find_site(text, config.sites.index(site))
    before, behind = (re.sub(r"(?m)(?:^#.*\n)+\Z", "", text[:at]) for at in (begin, end))
    return _write_checked(folder, before + text[len(behind) :], wanted, f"Remove the site {name}")


def write_setting(folder: Path, name: str, value: object, resolved: object) -> Config:
    """Change a setting, which is read as `resolved`; return the new settings. All other lines stay byte for byte."""
    text = (folder / FILE_NAME).read_bytes().decode()
    table = re.search(r"(?m)^[ \t]*\[", text)
    wanted = replace(load_config(folder), **{name: resolved})  # type: ignore[arg-type]  # as the setting is read
    text = _set_value(text, (0, table.start() if table else len(text)), name, value)
    return _write_checked(folder, text, wanted, f"Write into it, above the first [[site]]: {name} = {to_toml(value)}")


def _find_site(text: str, number: int) -> tuple[int, int, int]:
    """Return where the [[site]] of a number begins, where its own keys end, and where its tables end."""
    tables = [*(found.start() for found in re.finditer(r"(?m)^[ \t]*\[", text)), len(text)]
    heads = [at for at in tables if not re.match(r"\s*\[+\s*site\s*\.", text[at:])]
    begin = [*(at for at in heads if re.match(r"\s*\[\[\s*site\s*]]", text[at:])), *[len(text)] * (number + 1)][number]
    own_end, end = (next((at for at in found if at > begin), len(text)) for found in (tables, heads))
    return begin, own_end, end


def _set_value(text: str, span: tuple[int, int], key: str, value: object) -> str:
    """Return the text with a value of a table's key: in place of the old one, or below its comment or the name."""
    # tomlkit would not place a line below its comment, nor keep Windows line endings.
    own = re.compile(rf"""(?m)^([ \t]*(["']?){key}\2\s*=\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*])""").search(
        text, *span
    )
    if own is not None:
        return f"{text[: own.end(1)]}{to_toml(value)}{text[own.end() :]}"
    above = re.compile(rf"""(?m)^(?:#\s*{key}|[ \t]*(["']?)name\1)\s*=.*(?:\n|\Z)""").search(text, *span)
    at = above.end() if above is not None else span[1]
    if 0 < span[0] == span[1]:
        return text  # there is no such [[site]]
    end = "\r\n" if text.count("\r\n") > text.count("\n") / 2 else "\n"
    head = text[:at] if not at or text[at - 1] == "\n" else text[:at] + end
    return f"{head}{key} = {to_toml(value)}{end}{text[at:]}"


def _write_checked(folder: Path, text: str, wanted: Config, advice: str) -> Config:
    """Write a text that has exactly these settings, and return them; ConfigError with the advice if it has others."""
    config = parse_config(text, folder)
    if config != wanted:
        raise ConfigError(f"{folder / FILE_NAME} cannot be changed automatically; the file is unchanged. {advice}")
    write_atomic(folder / FILE_NAME, text)
    return config


class _ConfigParser:
    """Parses one file; keeps its text, so that a mistake can be reported with its line."""

    def __init__(self, text: str, folder: Path) -> None:
        self.text, self.folder, self.file = text, folder, folder / FILE_NAME

    def config(self) -> Config:
        try:
            data = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError.create("settings-not-toml", file=self.file, error=error) from None
        tables, alerts = (self._require_tables(data.pop(name, []), name, name) for name in ("site", "alert"))
        serve = data.pop("serve", {})
        if not isinstance(serve, dict):
            raise self._error("serve", None, "settings of `newsarchive serve` are written below [serve]")
        scrapy = data.pop("scrapy", {})
        if not isinstance(scrapy, dict) or not all(name.isupper() for name in scrapy):
            raise self._error("scrapy", None, "settings of Scrapy's are written below [scrapy], in capitals")
        values = self._values(data, schema.SETTINGS, None)
        values["serve"] = schema.ServeConfig(**self._values(serve, schema.SERVE_SETTINGS, SERVE))
        values["alerts"] = tuple(self._alert(table, number) for number, table in enumerate(alerts))
        if len({each.name for each in values["alerts"]}) < len(alerts):
            raise self._error("alert", None, "two alerts have the same name; rename one")
        sites = tuple(self._site(table, number) for number, table in enumerate(tables))
        self._require_unique_sites(sites)
        config = Config(folder=self.folder, sites=sites, scrapy=scrapy, **values)
        return replace(
            config,
            warc_folder=self.folder / config.warc_folder,
            search_folder=self.folder / config.search_folder,
            time_authorities=self.folder / config.time_authorities if config.time_authorities else None,
            index=index_url(config.index, self.folder),
            user_agent=config.user_agent
            or f"newsarchive/{VERSION}" + (f" (+{config.contact})" if config.contact else ""),
        )

    def _require_tables(self, found: object, key: str, name: str, where: Table = None) -> list[dict[str, Any]]:
        if isinstance(found, list) and all(isinstance(table, dict) for table in found):
            return found
        raise self._error(key, where, f"{key}s are written as [[{name}]], in double brackets")

    def _alert(self, table: dict[str, Any], number: int) -> schema.AlertConfig:
        values = self._values(table, schema.ALERT_SETTINGS, f"alert {number}")
        alert = schema.AlertConfig(**{"name": "", **values})
        if not alert.name or not alert.has_criteria:
            what = 'an alert needs a name, and what it looks for, such as query = "harbour"'
            raise self._error("[[alert]]", f"alert {number}", what)
        return alert

    def _site(self, table: dict[str, Any], number: int) -> SiteConfig:
        layouts = table.pop("layout", None)
        values = self._values(table, schema.SITE_SETTINGS, number)
        for setting in schema.SITE_SETTINGS:
            if setting.required and setting.name not in values:
                raise self._error("[[site]]", number, f"the site has no {setting.name}; write: {setting.name} = ...")
        for name in ("listings", "feeds", "sitemaps"):
            values[name] = tuple(resolve_url(values["url"], each) for each in values.get(name, ()))
        return SiteConfig(**values, layouts=self._layouts(layouts, number))

    def _layouts(self, tables: object, site: int) -> "Layouts | None":
        """Parse the [[site.layout]] tables of a site. Their parser is imported only if there are any."""
        if tables is None:
            return None
        checked = self._require_tables(tables, "layout", "site.layout", site)
        from newsarchive.extract.site_layout import LayoutError, Layouts, read_layout

        entries = []
        for number, table in enumerate(checked):
            try:
                entries.append(read_layout(table))
            except LayoutError as error:
                line = self._find_line(error.key, (site, number))
                raise ConfigError.create(
                    "bad-layout", file=self.file, line=line, error=error, quoted=shlex.quote(str(self.folder))
                ) from None
        return Layouts(entries=tuple(entries))

    def _values(self, table: dict[str, Any], settings: Sequence[schema.ConfigSetting], where: Table) -> dict[str, Any]:
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
        if isinstance(where, int) and any(setting.name == key for setting in schema.SETTINGS):
            advice = "if it is meant for the whole archive, move it above the first [[site]]"
            return f"{key} is no setting of a site; {advice}"
        if where is None and any(setting.name == key for setting in schema.SITE_SETTINGS):
            return f"{key} is a setting of a site; move it below a [[site]]"
        if where is None and any(setting.name == key for setting in schema.SERVE_SETTINGS):
            return f"{key} is a setting of the browser; move it below [serve]"
        tables = ("site", "serve", "alert", "scrapy") if where is None else ()
        close = get_close_matches(key, (*known, *tables), n=1)
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
        line, end = self._find_line(key, where), "" if what.endswith("?") else "."
        advice = "Nothing was done. All settings: newsarchive help settings"
        return ConfigError(f"{self.file}, line {line}: {what}{end} {advice}")

    def _find_line(self, key: str, table: Table) -> int:
        """Return the line of a key of a table, or the table's first line: tomllib does not report lines."""
        pattern = re.compile(rf"\s*(\[+\s*)?([a-z]+\.)?[\"']?{re.escape(key)}[\"']?\s*[]=.]")
        current: Table = None
        sites = layouts = alerts = -1
        first = 0
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(r"\s*\[\[\s*site\s*]]", line):
                sites, layouts = sites + 1, -1
                current = sites
            elif re.match(r"\s*\[\[\s*site\s*\.\s*layout\s*]]", line):
                layouts += 1
                current = (sites, layouts)
            elif re.match(r"\s*\[\[\s*alert\s*]]", line):
                alerts += 1
                current = f"alert {alerts}"
            elif found := re.match(r"\s*\[+\s*(?!site\b)([a-z]+)", line):
                current = SERVE if found[1] == SERVE else None
            if current == table:
                first = first or number
                if pattern.match(line):
                    return number
        return first or 1


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
