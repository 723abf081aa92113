"""Settings of the checkout as a Scrapy project: `scrapy list`, `shell`, `fetch`, `view` and `parse` need no archive.

A crawl with an archive sets more: newsarchive.crawl.scrapy_settings.
"""

BOT_NAME = "newsarchive"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 1

# response.article and response.links: what newsarchive reads on a page.
DOWNLOADER_MIDDLEWARES = {"newsarchive.crawl.article_response.ArticleResponses": 10}

# No ports that other users of the machine could connect to.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
