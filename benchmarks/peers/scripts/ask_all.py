"""Ask for all articles that a site's sitemaps name, sixteen at once, and throw the answers away.

    python ask_all.py URL PROXY

What a user of a writing proxy would write: the proxy keeps what comes by.
"""

import asyncio
import gzip
import re
import sys
from urllib.parse import urljoin

import aiohttp

AT_ONCE = 16
_LOC = re.compile(rb"<loc>([^<]+)</loc>")


async def answer(session: aiohttp.ClientSession, url: str, proxy: str, accept: str = "gzip, br, zstd") -> bytes:
    """One answer's body as it came."""
    async with session.get(url, proxy=proxy, headers={"Accept-Encoding": accept}) as response:
        return await response.read()


async def named(session: aiohttp.ClientSession, url: str, proxy: str) -> list[str]:
    """URLs that a sitemap names."""
    body = await answer(session, url, proxy, "identity")
    text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return [found.decode() for found in _LOC.findall(text)]


async def main(url: str, proxy: str) -> None:
    """Sitemap index, sitemaps, pages."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        maps = await named(session, urljoin(url, "/sitemap.xml"), proxy)
        pages = [page for sitemap in maps for page in await named(session, sitemap, proxy)]
        waiting = list(reversed(dict.fromkeys(pages)))

        async def client() -> None:
            while waiting:
                await answer(session, waiting.pop(), proxy)

        await asyncio.gather(*(client() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
