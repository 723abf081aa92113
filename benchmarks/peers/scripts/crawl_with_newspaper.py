"""Read the articles that a site's sitemaps name with newspaper4k, in eight threads.

    python crawl_with_newspaper.py URL OUT

It finds articles by itself only where front and section pages link to them; so it is handed the addresses.
"""

import gzip
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import newspaper
import requests
from newspaper.configuration import Configuration

THREADS = 8
SETTINGS = Configuration()
# Images are no part of what is compared; without this it asks for each to find the largest.
SETTINGS.fetch_images = False
# Without this it asks for each page three times more, to find out whether it is one.
SETTINGS.allow_binary_content = True


def named(url: str) -> list[str]:
    """URLs that a sitemap names."""
    body = requests.get(url, timeout=30).content
    text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return [found.decode() for found in re.findall(rb"<loc>([^<]+)</loc>", text)]


def read(url: str) -> dict[str, object]:
    """Fetch and read one article."""
    article = newspaper.Article(url, config=SETTINGS)
    try:
        article.download()
        article.parse()
    except Exception as problem:  # noqa: BLE001 - one page must not end the others
        return {"url": url, "text": "", "problem": str(problem)}
    date = str(article.publish_date)
    return {"url": url, "title": article.title, "authors": article.authors, "date": date, "text": article.text}


def main(url: str, out: str) -> None:
    """One line an article."""
    maps = named(urljoin(url, "/sitemap.xml"))
    pages = dict.fromkeys(page for sitemap in maps for page in named(sitemap))
    with Path(out).open("w", encoding="utf-8") as lines, ThreadPoolExecutor(THREADS) as threads:
        lines.writelines(json.dumps(found) + "\n" for found in threads.map(read, pages))


if __name__ == "__main__":
    main(*sys.argv[1:3])
