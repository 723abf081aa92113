"""Scrapy's settings for a crawl: those that the archive owns, and those that its owner may set.

newsarchive.settings  <  [scrapy] of newsarchive.toml  <  those of the archive  <  scrapy -s NAME=VALUE, if allowed
"""

from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, Settings

from newsarchive.config.schema import FILE_NAME, Config
from storage.errors import ConfigError

_ADAPTER = "newsarchive.crawl.scrapy_adapter"
_SCHEDULES = "the index decides what is fetched next, so that no URL is lost with the process"
_RECORDS = "every byte is recorded by the archive's own downloader"
_REPEATS = "the index repeats and follows by itself: each response is a record, and due again by its own rules"

OWNED: dict[str, tuple[Any, str]] = {
    "SCHEDULER": (f"{_ADAPTER}.FrontierScheduler", _SCHEDULES),
    "DUPEFILTER_CLASS": ("scrapy.dupefilters.BaseDupeFilter", _SCHEDULES),
    "JOBDIR": (None, _SCHEDULES),
    "DOWNLOADER": (f"{_ADAPTER}.CaptureDownloader", _RECORDS),
    "DOWNLOAD_HANDLERS": ({}, _RECORDS),
    "HTTPCACHE_ENABLED": (False, "a second store would hide responses from the records"),
    "COMPRESSION_ENABLED": (False, _RECORDS),
    "RETRY_ENABLED": (False, _REPEATS),
    "REDIRECT_ENABLED": (False, _REPEATS),
    "ROBOTSTXT_OBEY": (False, "the archive has its own robots.txt rules; set obey_robots"),
    "AUTOTHROTTLE_ENABLED": (False, "the archive keeps to delays of its own; set delay and max_delay"),
    "DOWNLOAD_DELAY": (0, "the archive keeps to delays of its own; set delay"),
    "CONCURRENT_REQUESTS_PER_DOMAIN": (1, "each host gets one request at a time"),
    "CONCURRENT_REQUESTS": (None, "set concurrency"),
    "DOWNLOAD_TIMEOUT": (0, "set timeout"),
    "DOWNLOAD_MAXSIZE": (0, "set max_body_size"),
    "USER_AGENT": (None, "set user_agent, or contact"),
    "DOWNLOADER_MIDDLEWARES_BASE": (
        {
            "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
            "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": 700,
            "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
        },
        "Scrapy's others repeat, follow, cache or decode; your own go into DOWNLOADER_MIDDLEWARES",
    ),
    "SPIDER_MIDDLEWARES_BASE": ({}, "responses are read from their records"),
    "TWISTED_REACTOR": ("twisted.internet.asyncioreactor.AsyncioSelectorReactor", _RECORDS),
}
"""Settings that the archive owns: value and reason. None: from newsarchive.toml, or Scrapy's default."""

LEAN: dict[str, Any] = {
    "EXTENSIONS_BASE": {},
    "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
    "STATS_DUMP": False,
    "LOG_LEVEL": "WARNING",
}
"""Settings of `newsarchive crawl` without a [scrapy] table: nothing reads statistics or listens to signals."""
QUIET: dict[str, Any] = {
    # A crawl logs its pages itself, and these two would open ports.
    "LOG_FORMATTER": f"{_ADAPTER}.QuietFormatter",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    # It would ask a host of somebody else's for a list of domains.
    "COOKIES_ENABLED": False,
    "DEFAULT_REQUEST_HEADERS": {},
    "CONCURRENT_ITEMS": 1,
    "WARN_ON_GENERATOR_RETURN_VALUE": False,
    "URLLENGTH_LIMIT": 0,
}
TABLE_PRIORITY = 25
"""Above a project's settings.py, below the spider's and the command line's."""


def crawl_settings(config: Config) -> Settings:
    """Return Scrapy's settings for a crawl that the archive starts itself."""
    settings = Settings()
    settings.setmodule("newsarchive.settings", priority="project")
    if not config.scrapy:
        settings.setdict(LEAN, priority="project")
    settings.set("LOG_VERSIONS", [], priority="project")
    configure_crawl(settings, config)
    return settings


def configure_crawl(settings: BaseSettings, config: Config) -> None:
    """Set what the archive owns, and the [scrapy] table; ConfigError if somebody overrides what it owns."""
    for name, (value, reason) in OWNED.items():
        is_on_command_line = (settings.getpriority(name) or 0) >= SETTINGS_PRIORITIES["cmdline"]
        given = {f"[scrapy] of {config.folder / FILE_NAME}": config.scrapy.get(name, value)}
        given["the command line (-s)"] = settings[name] if is_on_command_line else value
        for where in (each for each in given if not _is_same(given[each], value)):
            raise ConfigError(
                f"{name} in {where} cannot be set for a crawl: {reason}. Nothing was fetched. Remove it there; what "
                "the archive owns: newsarchive help spiders"
            )
    for name, (value, _) in OWNED.items():
        if value is not None or name == "JOBDIR":
            settings.set(name, value, priority="cmdline")
    settings.setdict(QUIET, priority="command")
    settings.setdict(config.scrapy, priority=TABLE_PRIORITY)
    settings.setdict({"CONCURRENT_REQUESTS": config.concurrency, "USER_AGENT": config.user_agent}, "cmdline")


def _is_same(given: Any, owned: Any) -> bool:
    """Return True if a value that somebody sets is the archive's own. The command line gives strings."""
    if isinstance(owned, bool):
        return str(given).lower() in (("1", "true") if owned else ("0", "false"))
    return given == owned or str(given) == str(owned)
