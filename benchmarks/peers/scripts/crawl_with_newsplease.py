"""Crawl one site with news-please, as its launcher has it done for each site of its list.

    python crawl_with_newsplease.py CONFIG SITELIST

The launcher itself looks only every ten seconds whether all is done. Of a site on another port than 80 news-please
would take no page at all, since it puts the port into the domain that it stays on.
"""

import sys

from newsplease.helper_classes.url_extractor import UrlExtractor
from newsplease.single_crawler import SingleCrawler

_with_port = UrlExtractor.get_allowed_domain


def without_port(url: str, allow_subdomains: bool = True) -> str:
    """The domain to stay on."""
    domain: str = _with_port(url, allow_subdomains)
    return domain.partition(":")[0]


def main(config: str, sites: str) -> None:
    """Crawl the first site of the list."""
    UrlExtractor.get_allowed_domain = staticmethod(without_port)
    SingleCrawler(config, sites, 0, False, False)


if __name__ == "__main__":
    main(*sys.argv[1:3])
