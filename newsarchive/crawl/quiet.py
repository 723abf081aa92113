"""What Scrapy says of each page: nothing. The run's counters and problems say it once."""

from typing import Any

from scrapy import logformatter


class QuietFormatter(logformatter.LogFormatter):
    """Keeps a thousand lines "Crawled (200)" from being made. Setting: LOG_FORMATTER."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]
        """Nothing: the progress display tells."""

    def scraped(self, *_: Any) -> None:  # type: ignore[override]
        """Nothing: there are no items."""
