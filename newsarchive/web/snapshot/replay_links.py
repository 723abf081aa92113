"""Where in the archive the addresses of an archived page lead.

    /web/20260301060504/URL         a page, in its frame          20260301060504mp_   that page's own HTML
    /web/20260301060504im_/URL      an image                      cs_ a stylesheet    oe_ fonts, sound, film

What a page embeds carries a seal behind its kind. The page stands in a sandbox, so that its requests look to the server
like those of any other site; a site that embeds addresses of this archive to find out what it holds has no seal.
"""

from dataclasses import dataclass
from enum import StrEnum

from newsarchive.web.wb_url import in_path


class Kind(StrEnum):
    """What an address is embedded as; its mark in ours."""

    PAGE = ""
    FRAMED = "mp_"
    IMAGE = "im_"
    STYLE = "cs_"
    OTHER = "oe_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The moment that a page's addresses are looked up around."""

    stamp: str
    """14 digits."""
    seal: str = ""

    def page(self, url: str, fragment: str = "") -> str:
        """Where a link leads."""
        return f"/web/{self.stamp}/{in_path(url)}{fragment}"

    def embedded(self, url: str, kind: Kind) -> str:
        """Where something embedded is."""
        return f"/web/{self.stamp}{kind}{self.seal}/{in_path(url)}"
