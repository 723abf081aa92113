"""/: new articles by site, captures by day, health; and /help."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Response

from newsarchive.version import VERSION
from newsarchive.web.context import Context
from newsarchive.web.pages.bar_charts import DayChart, build_day_chart, last_days
from newsarchive.web.pages.changes import compare_path, describe_change
from storage.index.queries import aggregates, articles, observations, status
from storage.index.reader import Reader
from storage.index.views.status import SiteCount

router = APIRouter()

DAYS, MIN_DAYS = 90, 14
COLUMNS = 12
"""Sites on the home page; the others are on /sites."""
ARTICLES, ARTICLES_OF_SINGLE_SITE = 5, 12
CHANGES = 6
NEVER = datetime.min.replace(tzinfo=UTC)
_LINK = re.compile(r"\[([^\][]+)\]\(((?:https?://[^()\s/?#]|/(?![/\\]))[^()\s]*)\)", re.IGNORECASE)


@router.get("/")
def home(context: Context) -> Response:
    """Return the home page."""
    index = context.index
    sites = index.ask(aggregates.list_site_counts)
    shown = sorted(
        (site for site in sites if site.articles), key=lambda site: site.newest_article or NEVER, reverse=True
    )[:COLUMNS]
    lines = ARTICLES if len(shown) > 1 else ARTICLES_OF_SINGLE_SITE
    newest = index.ask(articles.list_newest_articles, [site.name for site in shown], lines)
    return context.render(
        "home.html", sites=sites, columns=list(zip(shown, newest, strict=True)),
        chart=build_captures_chart(index, sites), changes=index.ask(observations.list_changes, limit=CHANGES),
        compare_path=compare_path, describe_change=describe_change, about=parse_about(context.options.about),
        crawl=next(iter(index.ask(status.list_crawls, limit=1, counted=False)), None),
        findings=context.health.get_findings(),
    )  # fmt: skip


def build_captures_chart(index: Reader, sites: Sequence[SiteCount]) -> DayChart | None:
    """Return a chart of captures by day up to the last; None without captures."""
    times = [time for each in sites for time in (each.first_capture, each.last_capture) if time]
    if not times:
        return None
    first, last = min(times), max(times)
    days = last_days(last.astimezone(UTC).date(), min(DAYS, max(MIN_DAYS, (last - first).days + 2)))
    return build_day_chart(days, index.ask(aggregates.count_captures_per_day, days[0]))


@router.get("/help")
def help_page(context: Context) -> Response:
    """Return the help page."""
    excluded = context.rules.exclusions(context.now)
    shown = (site.name for site in context.archive.config.sites if not excluded.excludes(site.url, site.name))
    return context.render("help.html", version=VERSION, site=next(shown, "news.example"))


def parse_about(text: str) -> list[tuple[str, str]]:
    """Return the description of the archive as pieces with the target of their link, which is an http(s) URL or a path.

    The target of text is "". Links to neither the archive nor the web remain text.

    >>> parse_about("Ask [us](https://news.example/) or [read](/help).")[1::2]
    [('us', 'https://news.example/'), ('read', '/help')]
    >>> parse_about("[x](javascript:alert)")
    [('[x](javascript:alert)', '')]
    """
    before, *links = _LINK.split(text)
    parts = [(before, "")]
    for label, href, after in zip(links[::3], links[1::3], links[2::3], strict=True):
        parts += [(label, href), (after, "")]
    return [part for part in parts if part[0]]
