"""Responses with what is read on a page: `response.article` and `response.links`, in spiders and the shell."""

from scrapy import Request
from scrapy.http import Headers, HtmlResponse, Response
from scrapy.responsetypes import responsetypes

from newsarchive.crawl.render import browser_response
from newsarchive.extract.page import read
from newsarchive.extract.page_input import PageInput
from storage.model import Article, Exchange, LinkGroup, Reading


class ArticleResponse(HtmlResponse):
    """An HTML page, which is read when one of its properties is asked for."""

    __slots__ = ("_reading",)

    @property
    def reading(self) -> Reading:
        """The reading of the page, with its outcome and the reason for it."""
        if not hasattr(self, "_reading"):
            names = ((name.decode("latin-1"), values) for name, values in self.headers.items())
            headers = tuple((name, value.decode("latin-1")) for name, values in names for value in values)
            # Scrapy has decoded the body, and says its encoding, also where only the HTTP header does.
            self._reading = read(self.body, PageInput(url=self.url, headers=headers, status=self.status))
        return self._reading

    @property
    def article(self) -> Article | None:
        """The article on the page; None if the page is none: `reading.reason` says why."""
        return self.reading.article

    @property
    def links(self) -> tuple[LinkGroup, ...]:
        """The page's links in groups: related, latest and inline ones of an article, those of a listing."""
        return self.reading.article.link_groups if self.reading.article else self.reading.link_groups


def to_response(request: Request, exchange: Exchange) -> Response | None:
    """Return an exchange as Scrapy's response; None if it is not HTTP or cannot be decoded."""
    if (received := browser_response(exchange)) is None:
        return None
    headers = Headers()
    for name, value in received.headers:
        headers.appendlist(name, value)
    found = responsetypes.from_args(headers=headers, url=request.url, body=received.body)
    kind = ArticleResponse if found is HtmlResponse else found
    return kind(url=request.url, status=received.status, headers=headers, body=received.body, request=request)


class ArticleResponses:
    """Downloader middleware that gives HTML responses `article` and `links`. Setting: DOWNLOADER_MIDDLEWARES."""

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002
        """Replace a plain HTML response; those of a class of the project's own stay."""
        return response.replace(cls=ArticleResponse) if type(response) is HtmlResponse else response
