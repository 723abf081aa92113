from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from newsarchive.crawl.run_context import RunContext
from newsarchive.crawl.site_spider import SpiderRun
from spiders.news import NewsSpider
from storage.model import Discovery, DueUrl, UrlKind


def due(url: str) -> DueUrl:
    how = Discovery(site="news", kind=UrlKind.ARTICLE)
    return DueUrl(
        url_id=1, url=url, discovery=how, due_at=datetime(2026, 11, 25, tzinfo=UTC), priority=0, failure_count=0
    )


def test_a_host_without_a_dns_name_gets_no_request() -> None:
    """An internationalised host name does, by its encoded name."""
    spider = NewsSpider(
        context=cast(
            "RunContext",
            SimpleNamespace(
                config=SimpleNamespace(user_agent="newsarchive/1"), spiders=SpiderRun(Path(), [], Counter())
            ),
        )
    )
    assert spider.request(due("https://münchen.example/ä")).url == "https://xn--mnchen-3ya.example/%C3%A4"
    with pytest.raises(ValueError, match="no valid host name"):
        spider.request(due(f"https://ü{'x' * 64}.example/"))
