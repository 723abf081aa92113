"""Layer 2: the Scrapy spider, which turns due URLs into requests."""
