"""URLs of archived pages and their resources in the archive.

    /web/20260301060504/URL         a page, in its frame          20260301060504mp_   the HTML of that page
    /web/20260301060504im_/URL      an image      th_ a small one      cs_ a stylesheet      oe_ fonts, audio, video

URLs of embedded resources carry a token after the kind. Requests of the sandboxed page look like those of any other
site; a site that embeds URLs of this archive to find out what is archived does not have the token. With "bare_" before
the slash, a page, its frame and stylesheets are without overlays.
"""

from dataclasses import dataclass
from enum import StrEnum

from newsarchive.urls.wb_url import quote_url

BARE = "bare_"
"""Mark of what is shown without overlays."""


class EmbedKind(StrEnum):
    """Kinds of embedded URLs, with their marks in the archive's URLs."""

    PAGE = ""
    FRAMED = "mp_"
    IMAGE = "im_"
    STYLE = "cs_"
    OTHER = "oe_"
    THUMBNAIL = "th_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLinks:
    """Builds the archive's URLs for the links of a page that was captured at a time."""

    timestamp: str
    """14 digits."""
    token: str = ""

    def page_url(self, url: str, fragment: str = "") -> str:
        """Return the URL of a linked page."""
        return f"/web/{self.timestamp}/{quote_url(url)}{fragment}"

    def embed_url(self, url: str, kind: EmbedKind) -> str:
        """Return the URL of an embedded resource."""
        return f"/web/{self.timestamp}{kind}{self.token}/{quote_url(url)}"
