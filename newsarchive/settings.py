"""Scrapy's settings, in the order in which a request uses them. Those of the archive are in newsarchive.toml.

Only Scrapy's engine is used: components that request, change or cache anything by themselves are off. The frontier
schedules retries and redirects (no retry, redirect, HTTP cache or robots middleware), and bytes are recorded as
received (no decompression).
"""

BOT_NAME = "newsarchive"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"

# The next request: from the frontier in the index, one at a time for each host.
SCHEDULER = "newsarchive.crawl.scrapy_adapter.FrontierScheduler"
CONCURRENT_REQUESTS = 16  # set from newsarchive.toml
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

# A downloader of our own, without queues, slots, handlers and middlewares.
DOWNLOADER = "newsarchive.crawl.scrapy_adapter.CaptureDownloader"

# No response is passed on to the spider: it is recorded, and the frontier is informed.
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False
URLLENGTH_LIMIT = 0  # by newsarchive.crawl.download.ssrf

# No consoles, and no statistics, which nothing reads.
EXTENSIONS_BASE: dict[str, int] = {}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
STATS_CLASS = "scrapy.statscollectors.DummyStatsCollector"
STATS_DUMP = False
LOG_LEVEL = "WARNING"
LOG_FORMATTER = "newsarchive.crawl.scrapy_adapter.QuietFormatter"
LOG_VERSIONS: list[str] = []

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
