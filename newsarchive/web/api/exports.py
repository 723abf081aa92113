"""/exports: what the archive holds, in the forms of other programs, made in the background.

/exports                    a form, and the list of exports with how far each is
/exports/ID/NAME            the file
/article/5.warc.gz, .wacz   one article at once: all its captures, and what its pages embed
"""

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, BinaryIO
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from newsarchive.export.background import KEPT_FOR, ExportStopped, Job, Jobs, TooManyJobs
from newsarchive.export.choice import Choice
from newsarchive.export.forms import FORMS, Format
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.responses.streaming import Streamed, in_pieces
from storage.index.views.articles import Filters

router = APIRouter(include_in_schema=False)

LARGEST_AT_ONCE = 500_000_000
"""Bytes of one article's records; more are made with the command line."""
CHOOSING = ("q", "site", "section", "author", "byline", "language", "tag", "since", "until", "article")
"""Fields of the form that choose articles."""
_LONGEST_FORM = 20_000
_making = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An export as the page shows it."""

    job: Job
    meaning: str
    noun: str
    address: str
    """Of its file; "" where there is none to be had."""


async def posted(request: Request) -> dict[str, str]:
    """Fields of a form; of one that is sent twice the first counts."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            raise HTTPException(413, "That form is too long")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=30)
    except ValueError:
        raise HTTPException(400, "That is no form") from None
    return {name: values[0].strip() for name, values in fields.items()}


Posted = Annotated[dict[str, str], Depends(posted)]


@router.get("/exports")
def exports(door: AtDoor) -> Response:
    """The form, filled in as the address says, and all exports."""
    _allowed(door)
    shown = tuple(_shown(door, job) for job in jobs_of(door).all())
    sites = tuple(site.name for site in door.index.site_counts())
    given = {name: door.request.query_params.get(name, "") for name in CHOOSING}
    return door.page("exports.html", exports=shown, forms=FORMS, sites=sites, days=KEPT_FOR.days, given=given)


@router.post("/exports")
def ask(door: AtDoor, fields: Posted) -> Response:
    """Take an export on, and show how far it is."""
    _allowed(door)
    try:
        form = Format(fields.get("format", "jsonl"))
        filters = _filters(fields)
    except ValueError as problem:
        raise HTTPException(400, f"That cannot be exported: {problem}") from None
    try:
        jobs_of(door).ask(form, filters, all_versions="all_versions" in fields, rules=_rules(door))
    except TooManyJobs as problem:
        raise HTTPException(
            429, f"{str(problem)[0].upper()}{str(problem)[1:]}", headers={"retry-after": "60"}
        ) from None
    return RedirectResponse("/exports", 303)


@router.post("/exports/{job_id}/remove")
def remove(door: AtDoor, job_id: str) -> Response:
    """Forget an export; one that is being made stops."""
    _allowed(door)
    jobs_of(door).remove(_job(door, job_id).id)
    return RedirectResponse("/exports", 303)


@router.get("/exports/{job_id}/{name}")
def download(door: AtDoor, job_id: str, name: str) -> Response:
    """The file of an export."""
    _allowed(door)
    job = _job(door, job_id)
    path = jobs_of(door).path(job)
    if not _shown(door, job).address or name != _name(job) or not path.is_file():
        raise HTTPException(404, "That export is not there, or was made under other rules. Ask for it again")
    return FileResponse(path, media_type=FORMS[job.form].media_type, filename=name)


@router.get("/article/{article_id:int}.warc.gz")
def article_warc(door: AtDoor, article_id: int) -> Response:
    """The records of one article, as a WARC slice."""
    return _at_once(door, article_id, Format.WARC)


@router.get("/article/{article_id:int}.wacz")
def article_wacz(door: AtDoor, article_id: int) -> Response:
    """The records of one article with their index, as WACZ."""
    return _at_once(door, article_id, Format.WACZ)


def _at_once(door: Door, article_id: int, form: Format) -> Response:
    article = door.index.article(article_id)
    if article is None:
        raise HTTPException(404, "The archive holds no such article")
    choice = choice_of(door, Filters(articles=(article_id,)))
    with door.heavy.one():
        # Spooled: what goes wrong goes wrong before the first byte is sent.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
        try:
            FORMS[form].write(replace(choice, title=article.current.headline, tell=_stopper(file)), file)
        except BaseException:
            file.close()
            raise
    size = file.tell()
    headers = {
        "content-length": str(size),
        "content-disposition": f'attachment; filename="article-{article_id}{FORMS[form].suffix}"',
    }
    return Streamed(in_pieces(file), media_type=FORMS[form].media_type, headers=headers)


def _stopper(file: BinaryIO) -> Callable[[int], None]:
    """End what grows too large for a reader who waits."""

    def tell(count: int) -> None:
        if file.tell() > LARGEST_AT_ONCE:
            raise ExportStopped(
                f"the {count:,} captures of this article are more than {LARGEST_AT_ONCE:,} bytes; they were not sent. "
                "Write them with: newsarchive export --article ID -o FILE"
            )

    return tell


def choice_of(door: Door, filters: Filters) -> Choice:
    """What is exported through this door: nothing that is not to be shown."""
    # Not the door's own index: a job may run long after, when an embargo is over.
    return Choice(
        index=door.archive.index.showing(door.rules.exclusions(door.archive.now())),
        places=door.archive.places,
        filters=filters,
        title=door.name,
        operator=door.archive.config.operator,
        now=door.archive.now,
    )


def jobs_of(door: Door) -> Jobs:
    """The exports of this server; its first reader finds those of servers before."""
    state = door.request.app.state
    with _making:
        if not hasattr(state, "exports"):
            state.exports = Jobs(
                door.archive.folder / "exports", lambda filters: choice_of(door, filters), now=door.archive.now
            )
        jobs: Jobs = state.exports
    return jobs


def _allowed(door: Door) -> None:
    if not door.serving.makes_exports:
        raise HTTPException(
            403, "This archive makes no exports for its readers. Single articles can be had as WARC or WACZ"
        )


def _job(door: Door, job_id: str) -> Job:
    job = jobs_of(door).get(job_id)
    if job is None:
        raise HTTPException(404, "There is no such export; it may have been too old")
    return job


def _rules(door: Door) -> str:
    """A digest of what is not to be shown."""
    return sha256(repr(door.rules).encode()).hexdigest()[:16]


def _shown(door: Door, job: Job) -> Shown:
    is_there = job.state == "done" and job.rules == _rules(door)
    form = FORMS[job.form]
    address = f"/exports/{job.id}/{_name(job)}" if is_there else ""
    return Shown(job=job, meaning=form.meaning, noun=form.noun, address=address)


def _name(job: Job) -> str:
    return f"newsarchive-{job.asked_at:%Y%m%d-%H%M%S}{FORMS[job.form].suffix}"


def _filters(fields: dict[str, str]) -> Filters:
    """What the form asks for; ValueError, in words, where that is nothing."""
    if any("\0" in value or len(value) > 1000 for value in fields.values()):
        raise ValueError("a field is too long, or holds what no text does")
    article = fields.get("article", "")
    if article and not (article.isascii() and article.isdecimal() and len(article) < 10):
        raise ValueError(f"{article!r} is no article's number")
    return Filters(
        site=fields.get("site") or None,
        since=_day(fields, "since"),
        until=_day(fields, "until"),
        author=fields.get("author") or None,
        byline=fields.get("byline") or None,
        section=fields.get("section") or None,
        language=fields.get("language") or None,
        tag=fields.get("tag") or None,
        query=fields.get("q") or None,
        articles=(int(article),) if article else None,
    )


def _day(fields: dict[str, str], name: str) -> datetime | None:
    text = fields.get(name)
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} wants a date such as 2026-11-25, not {text!r}") from None
