"""Scrapy's settings for a crawl: those that the archive owns, and those that its owner may set.

newsarchive.settings  <  [scrapy] of newsarchive.toml  <  those of the archive  <  scrapy -s NAME=VALUE, if allowed
"""

import logging
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, Settings
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from newsarchive.config.schema import FILE_NAME, Config
from storage.errors import ConfigError

_TABLES = tomllib.loads(files("newsarchive.crawl").joinpath("scrapy_settings.toml").read_text("utf-8"))
OWNED: dict[str, tuple[Any, str]] = {
    name: (stated.get("value"), stated["reason"]) for name, stated in _TABLES["owned"].items()
}
"""Settings that the archive owns: value and reason. None: from newsarchive.toml, or Scrapy's default."""
LEAN: dict[str, Any] = _TABLES["lean"]
"""Settings of `newsarchive crawl` without a [scrapy] table: nothing reads statistics or listens to signals."""
QUIET: dict[str, Any] = _TABLES["quiet"]
COMPONENTS = ("ADDONS", "DOWNLOADER_MIDDLEWARES", "EXTENSIONS", "SPIDER_MIDDLEWARES")
"""Settings with paths of classes as names, and their order as values."""
TABLE_PRIORITY = 25
"""Above a project's settings.py, below the spider's and the command line's."""


def configure_crawl(settings: BaseSettings, config: Config) -> None:
    """Set what the archive owns, and the [scrapy] table; ConfigError if somebody overrides what it owns."""
    file = config.folder / FILE_NAME
    for name, (value, reason) in OWNED.items():
        is_on_command_line = (settings.getpriority(name) or 0) >= SETTINGS_PRIORITIES["cmdline"]
        given = {f"[scrapy] of {file}": config.scrapy.get(name, value)}
        given["the command line (-s)"] = settings[name] if is_on_command_line else value
        for where in (each for each in given if not _is_same(given[each], value)):
            raise ConfigError.create("owned-setting", name=name, where=where, reason=reason)
    for name, value in config.scrapy.items():
        try:
            _require_usable(name, value)
        except Exception as error:
            raise ConfigError.create("bad-scrapy-setting", name=name, value=value, file=file, problem=error) from error
    for name, (value, _) in OWNED.items():
        if value is not None or name == "JOBDIR":
            settings.set(name, value, priority="cmdline")
    settings.setdict(QUIET, priority="command")
    settings.setdict(config.scrapy, priority=TABLE_PRIORITY)
    settings.setdict({"CONCURRENT_REQUESTS": config.concurrency, "USER_AGENT": config.user_agent}, "cmdline")


async def run_spider(config: Config, context: Any) -> None:
    """Run the spider of all sites in a run's context; ConfigError if Scrapy cannot begin with the [scrapy] table."""
    settings, crawler = Settings(), None
    settings.setmodule("newsarchive.settings", priority="project")
    settings.setdict({} if config.scrapy else LEAN, priority="project")
    try:
        configure_crawl(settings, config)
        crawler = AsyncCrawlerRunner(settings).create_crawler("news")
        await crawler.crawl_async(context=context)
    except Exception as problem:
        has_begun = crawler and crawler._engine  # noqa: SLF001 - `engine` raises an error without one
        if has_begun or not config.scrapy or isinstance(problem, ConfigError):
            raise
        raise ConfigError.create("scrapy-refuses", file=config.folder / FILE_NAME, problem=problem) from problem


def _require_usable(name: str, value: Any) -> None:
    """Raise an error if Scrapy could not read a setting, load a class that it names, or write the log."""
    settings = Settings()
    default, read_number, levels = settings[name], settings.getfloat, [*logging.getLevelNamesMapping()]
    settings.set(name, value, priority="cmdline")
    readers: dict[type, Any] = {bool: settings.getbool, int: read_number, float: read_number, list: settings.getlist}
    if name in ("LOG_LEVEL", "DEFAULT_DROPITEM_LOG_LEVEL"):  # only some of Scrapy's components would refuse it
        if not isinstance(value, int) and value not in levels:
            raise ValueError(f"choose one of {', '.join(levels)}")
    elif name == "LOG_FILE" and value:
        Path(value).open("a").close()
    elif isinstance(default, BaseSettings):
        for path in build_component_list(settings.getdict(name)) if name in COMPONENTS else ():
            load_object(path)
    elif not isinstance(default, str):
        readers.get(bool if name.endswith("_ENABLED") else type(default), settings.get)(name)
    elif not isinstance(value, str):
        raise TypeError("it has to be text")
    elif default.startswith("scrapy.") and name != "REFERRER_POLICY" and not callable(load_object(value)):
        raise TypeError("it has to be the path of a class")


def _is_same(given: Any, owned: Any) -> bool:
    """Return True if a value that somebody sets is the archive's own. The command line gives strings."""
    if isinstance(owned, bool):
        return str(given).lower() in (("1", "true") if owned else ("0", "false"))
    return given == owned or str(given) == str(owned)
