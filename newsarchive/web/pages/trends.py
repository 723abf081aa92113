"""/trends: several searches or sites over time on one chart, the chart as SVG, and its numbers as CSV."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, get_args

from fastapi import APIRouter, Response

from newsarchive.export.articles import format_rows
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.feeds import render_xml
from newsarchive.web.jinja_env import format_percent, format_period
from newsarchive.web.search_params import SearchParams
from storage.index.queries.aggregates import list_site_names
from storage.index.search.facets import MIN_ARCHIVED, MOST_TRENDS, HistogramBar, HistogramStep, Trend, count_trends
from storage.index.views.articles import Filters

router = APIRouter()

STEPS: tuple[HistogramStep, ...] = get_args(HistogramStep)
WIDTH, HEIGHT, LEFT, TOP = 640, 260, 52, 14
"""Size of the plot in the units of the drawing, and its distance from the left and upper edges."""
COLUMNS = ("step", "begin", "end", "query", "site", "articles", "archived", "share", "of_few")
"""Of CSV."""


class Dot(NamedTuple):
    """One period of a line; `is_few` for a share of few articles."""

    x: float
    y: float
    told: str
    is_few: bool


def find_top(bars: Sequence[HistogramBar], *, is_share: bool) -> float:
    """Return the upper end of the scale, at most 100 %: a round number that only shares of few articles exceed."""
    sound = [bar for bar in bars if not bar.is_of_few] or bars
    most = max([bar.share for bar in sound] if is_share else [bar.articles for bar in bars], default=0)
    least = 0.0004 if is_share else 4.0  # Of each scale a quarter is a round number, too.
    top = next(top for power in range(12) for step in (1, 2, 5) if (top := least * float(f"{step}e{power}")) >= most)
    return min(top, 1.0) if is_share else top


def _draw_line(trend: Trend, step: HistogramStep, top: float, *, is_share: bool) -> Iterator[Dot | None]:
    """Yield the dots of a line; None for a period without archived articles, which has no share."""
    for number, bar in enumerate(trend.periods):
        height = HEIGHT * min(1.0, (bar.share if is_share else bar.articles) / top)
        x, y = round(LEFT + WIDTH * (number + 0.5) / len(trend.periods), 1), round(TOP + HEIGHT - height, 1)
        told = f"{format_percent(bar.share)} of {bar.archived:,}" if is_share else f"{bar.articles:,}"
        dot = Dot(x, y, f"{format_period(step, bar.begin, bar.end)}: {told}", is_share and bar.is_of_few)
        yield dot if bar.archived or not is_share else None


def _place_numbers(lines: Sequence[Sequence[Dot | None]]) -> dict[int, float]:
    """Return the heights of the numbers at the ends of lines, by number from 1, each 13 or more above the next."""
    heights: dict[int, float] = {}
    lowest = float(TOP + HEIGHT + 13)
    ends = [([dot.y for dot in dots if dot][-1:], number) for number, dots in enumerate(lines, 1)]
    for y, number in sorted(ends, reverse=True):
        if y:
            lowest = heights[number] = min(y[0], lowest - 13)
    return heights


def _load(context: RequestContext) -> dict[str, Any]:
    """Return what the query of a request asks for, counted and drawn: each of its searches, in each of its sites."""
    given, longest = context.request.query_params, context.options.limits.max_query_length
    params = SearchParams.from_query(given, longest)
    cleaned = dict.fromkeys(SearchParams.from_query({"q": text}, longest).q for text in given.getlist("q"))
    texts, sites = tuple(filter(None, cleaned)), params.values("site")
    since, until = params.filters.since, params.filters.until
    wanted = list(product(texts or ("",), sites or (None,))) if texts or sites else []
    searches = [(text, Filters(site=site, since=since, until=until)) for text, site in wanted[:MOST_TRENDS]]
    chosen = next((step for step in STEPS if step == given.get("step")), None)
    step, trends = context.index.ask(count_trends, searches, chosen)
    is_share = params.chart == "share"
    top = find_top([bar for trend in trends for bar in trend.periods], is_share=is_share)
    lines = [list(_draw_line(trend, step, top, is_share=is_share)) for trend in trends]
    return {
        "params": params,
        "texts": texts,
        "is_cut": len(wanted) > MOST_TRENDS,
        "chosen": chosen,
        "step": step,
        "trends": trends,
        "periods": trends[0].periods if trends else (),
        "is_share": is_share,
        "top": top,
        "lines": lines,
        "heights": _place_numbers(lines),
        "box": (LEFT, TOP, WIDTH, HEIGHT),
        "query": {**params.query, "q": texts, "step": chosen, "sort": None},
        "min_archived": MIN_ARCHIVED,
    }


@router.get("/trends")
def show_trends(context: Context) -> Response:
    """Return the form, and the chart with a table of its numbers."""
    sites = context.index.ask(list_site_names)
    return context.render("trends.html", etag=True, sites=sites, steps=STEPS, most=MOST_TRENDS, **_load(context))


@router.get("/trends.svg")
@router.get("/trends.csv")
def download_trends(context: Context) -> Response:
    """Return the chart of the page as a file of its own, or its numbers, a line for each period of each trend."""
    found, suffix = _load(context), context.request.url.path.rpartition(".")[2]
    headers = {"content-disposition": f'attachment; filename="trends.{suffix}"'}
    if suffix == "svg":
        # Its style is within it.
        headers["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        svg = render_xml("trends.svg", **found)
        return context.add_etag(Response(svg, media_type="image/svg+xml", headers=headers))
    rows = []
    for trend in found["trends"]:
        for bar in trend.periods:
            share = round(bar.share, 6) if bar.archived else ""
            values = (found["step"], bar.begin.date(), bar.end.date(), trend.q, trend.site, bar.articles, bar.archived)
            rows.append(dict(zip(COLUMNS, (*values, share, bar.is_of_few), strict=True)))
    text = "\ufeff" + "".join(format_rows(rows, COLUMNS, "csv"))  # by the BOM Excel recognises UTF-8
    return context.add_etag(Response(text, media_type="text/csv; charset=utf-8", headers=headers))
