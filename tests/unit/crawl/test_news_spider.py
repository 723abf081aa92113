from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from newsarchive.crawl.run_context import RunContext
from spiders.news import NewsSpider
from storage.model import Discovery, Due, UrlKind


def due(url: str) -> Due:
    how = Discovery(site="news", kind=UrlKind.ARTICLE)
    return Due(url_id=1, url=url, discovery=how, due_at=datetime(2026, 11, 25, tzinfo=UTC), priority=0, failures=0)


def test_a_host_that_cannot_be_named_to_dns_makes_no_request() -> None:
    """One in letters that DNS can be told of does, by the name that it has there."""
    spider = NewsSpider(live=cast("RunContext", SimpleNamespace(user_agent="newsarchive/1")))
    assert spider.request(due("https://münchen.example/ä")).url == "https://xn--mnchen-3ya.example/%C3%A4"
    with pytest.raises(ValueError, match="names no host"):
        spider.request(due(f"https://ü{'x' * 64}.example/"))
