"""An add-on for Scrapy projects that records the exchanges of their spiders (newsarchive help spiders)."""

from newsarchive.scrapy_addon.addon import WarcAddon as WarcAddon
