"""Scrapy's settings, in the order in which a page passes them. newsarchive.toml has the archive's own.

Scrapy is used for its engine: everything that would ask, hide, change or remember on its own is off. What is fetched
again is a new appointment in the frontier (no retry, redirect, HTTP cache or robots middleware), and bytes stay as they
came (no decompression).
"""

BOT_NAME = "newsarchive"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"

# What is next: the frontier in SQL, one host at a time. Scrapy's own limits are out of its way.
SCHEDULER = "newsarchive.crawl.scheduler.FrontierScheduler"
CONCURRENT_REQUESTS = 16  # set from newsarchive.toml
CONCURRENT_REQUESTS_PER_DOMAIN = 1_000_000
DOWNLOAD_DELAY = 0
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

# Down to the wire: no middleware at all, so none that comes with a later Scrapy either.
DOWNLOADER_MIDDLEWARES_BASE: dict[str, int] = {}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
COOKIES_ENABLED = False
REDIRECT_ENABLED = False
RETRY_ENABLED = False
HTTPCACHE_ENABLED = False
ROBOTSTXT_OBEY = False  # by newsarchive.crawl.robots, before a URL is handed out
COMPRESSION_ENABLED = False

# The bytes.
DOWNLOAD_HANDLERS = {
    "http": "newsarchive.crawl.scheduler.CaptureHandler",
    "https": "newsarchive.crawl.scheduler.CaptureHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOADER_STATS = False

# Back up: responses have no body, and callbacks bring nothing. Each of these is a task for every response.
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
URLLENGTH_LIMIT = 0  # by newsarchive.crawl.guard

# Beside it: no doors into the process, nothing that counts what nobody reads.
EXTENSIONS_BASE: dict[str, int] = {}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
STATS_CLASS = "scrapy.statscollectors.DummyStatsCollector"
STATS_DUMP = False
LOG_LEVEL = "WARNING"
LOG_FORMATTER = "newsarchive.crawl.quiet.QuietFormatter"
LOG_VERSIONS: list[str] = []

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
