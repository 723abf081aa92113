"""Crawl the demo newsroom with fundus: its sitemap, and a parser written for its four templates.

python crawl_with_fundus.py URL OUT
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from fundus import Crawler, Sitemap
from fundus.parser import ArticleBody, BaseParser, ParserProxy, attribute
from fundus.parser.utility import (
    extract_article_body_with_selector,
    generic_author_parsing,
    generic_date_parsing,
    generic_nodes_to_text,
)
from fundus.publishers.base_objects import Publisher, PublisherGroup
from lxml.etree import XPath

PARAGRAPHS = XPath(
    "//div[@class='story']/p | //div[@class='body']//p | //div[@class='text']//p"
    " | //div[@itemprop='articleBody']/div[@class='par'] | //div[@itemprop='articleBody']/blockquote/p"
)
HEADINGS = XPath(
    "//div[@class='story']/h3 | //div[@class='body']/h2 | //div[@class='text']/h2 | //div[@itemprop='articleBody']/h3"
)
DATES = XPath("(//time/@datetime)[1] | //div[@class='date']/text() | //div[@class='info']/text()")
AUTHORS = XPath("//*[@rel='author'] | //div[@class='by'] | //div[@class='info']")


class LanternParser(ParserProxy):
    """Knows how the newsroom builds its pages."""

    class V1(BaseParser):
        """As they are built now."""

        @attribute
        def body(self) -> ArticleBody | None:
            """Paragraphs under their headings."""
            return extract_article_body_with_selector(
                self.precomputed.doc, paragraph_selector=PARAGRAPHS, subheadline_selector=HEADINGS
            )

        @attribute
        def title(self) -> str | None:
            """The page's own heading."""
            return next(iter(generic_nodes_to_text(self.precomputed.doc.xpath("//h1"), normalize=True)), None)

        @attribute
        def authors(self) -> list[str]:
            """Names, as printed."""
            printed = generic_nodes_to_text(AUTHORS(self.precomputed.doc), normalize=True)
            return generic_author_parsing([name.partition("|")[0].removeprefix("By ").strip() for name in printed])

        @attribute
        def publishing_date(self) -> datetime | None:
            """From JSON-LD, else as printed."""
            printed = (str(date).rpartition("|")[2] for date in DATES(self.precomputed.doc))
            return generic_date_parsing(self.precomputed.ld.bf_search("datePublished") or next(printed, None))


def main(url: str, out: str) -> None:
    """One line an article."""
    # It knows gzip files only by names that this one has not.
    decompressor = Sitemap._decompressor  # noqa: SLF001
    decompressor.archive_mapping["application/gzip"] = decompressor.archive_mapping["application/x-gzip"]

    class Here(metaclass=PublisherGroup):
        default_language = "en"
        Lantern = Publisher(
            name="The Alder Bay Lantern", domain=url, parser=LanternParser, sources=[Sitemap(f"{url}sitemap.xml")]
        )

    with Path(out).open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(found) + "\n" for found in crawled(Crawler(Here, delay=0.0)))


def crawled(crawler: Crawler) -> Iterator[dict[str, object]]:
    """Yield the stored fields of each article."""
    for article in crawler.crawl(only_complete=False):
        date = str(article.publishing_date)
        yield {
            "url": article.html.responded_url,
            "title": article.title,
            "authors": article.authors,
            "date": date,
            "text": article.plaintext or "",
        }


if __name__ == "__main__":
    main(*sys.argv[1:3])
