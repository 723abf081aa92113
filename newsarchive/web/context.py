"""Door: what a handler gets. Its index leaves out what must not be shown, so that no page can forget to."""

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from newsarchive.archive import Archive
from newsarchive.web.access_rules import Rules
from newsarchive.web.middleware.rate_limit import Heavy
from newsarchive.web.pages.jinja_env import TEMPLATES
from newsarchive.web.responses.conditional import Validators
from newsarchive.web.serve_options import Serving
from storage.index.reader import Reader


class Door:
    """One request's way into the archive.

    `archive.index` is for nothing but what no reader sees; pages and doors ask `index`.
    """

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.request = request
        self.archive: Archive = state.archive
        self.serving: Serving = state.serving
        self.rules: Rules = state.rules
        self.now: datetime = self.archive.now()

    @cached_property
    def index(self) -> Reader:
        """The index without what must not be shown, and with an end to each question's time."""
        return self.archive.index.showing(self.rules.exclusions(self.now), timeout=self.serving.limits.seconds)

    @cached_property
    def patient_index(self) -> Reader:
        """The same without an end to its time: for streamed answers alone, which have a place among the heavy ones."""
        return self.archive.index.showing(self.rules.exclusions(self.now))

    @property
    def heavy(self) -> Heavy:
        """Where to ask for a place before much is read: `with door.heavy.one():`, or `door.heavy.stream(items)`."""
        heavy: Heavy = self.request.app.state.heavy
        return heavy

    @property
    def name(self) -> str:
        """What the archive calls itself: the name of its folder."""
        return self.archive.folder.name or "newsarchive"

    @property
    def base_url(self) -> str:
        """The archive's own address, without a slash at its end: what permalinks begin with."""
        return self.serving.base_url or str(self.request.base_url).rstrip("/")

    def allows(self, url: str, fetched_at: datetime, site: str | None = None) -> bool:
        """True where a capture may be shown: for what does not come from `index`."""
        return self.rules.allows(url, fetched_at, self.now, site=site)

    def page(self, template: str, *, status: int = 200, etag: bool = False, **context: Any) -> Response:
        """A page made from a template; with `etag`, 304 where the reader's browser has it already."""
        text = TEMPLATES.get_template(template).render(door=self, path=self.request.url.path, **context)
        answer = HTMLResponse(text, status_code=status)
        return self.tagged(answer) if etag else answer

    def tagged(self, answer: Response) -> Response:
        """The answer with an ETag over its bytes, or 304 where the request has that."""
        validators = Validators(tag=f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"')
        if validators.are_known(self.request.headers):
            return Response(status_code=304, headers=validators.headers)
        answer.headers["etag"] = validators.tag
        return answer


def opened(request: Request) -> Door:
    """The dependency."""
    return Door(request)


AtDoor: TypeAlias = Annotated[Door, Depends(opened)]
"""Type of a handler's first argument: `def article(door: AtDoor, article_id: int) -> Response`."""
