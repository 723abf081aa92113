"""Scrapy's settings, in the order in which a page passes them. newsarchive.toml has the archive's own.

Scrapy is used for its engine: everything that would ask, hide, change or remember on its own is off. What is fetched
again is a new appointment in the frontier (no retry, redirect, HTTP cache or robots middleware), and bytes stay as they
came (no decompression).
"""

BOT_NAME = "newsarchive"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"

# What is next: the frontier in SQL, one host at a time.
SCHEDULER = "newsarchive.crawl.scrapy_adapter.FrontierScheduler"
CONCURRENT_REQUESTS = 16  # set from newsarchive.toml
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

# Down to the wire by a downloader of ours: no queues, slots or handlers, and no middleware that would ask for
# robots.txt, follow, retry, remember or decompress.
DOWNLOADER = "newsarchive.crawl.scrapy_adapter.CaptureDownloader"

# Back up comes nothing: what was fetched is kept, and the frontier knows.
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
URLLENGTH_LIMIT = 0  # by newsarchive.crawl.download.ssrf

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
