"""/exports: the archive in the formats of other programs, made in the background.

/exports                    a form, and the list of exports with their progress
/exports/ID/NAME            the file
/article/5.warc.gz, .wacz   all captures of one article with the resources of its pages, made during the request
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.datastructures import QueryParams

from newsarchive.access.access_rules import AccessRules
from newsarchive.archive import Archive
from newsarchive.export.background import KEPT_FOR, ExportJob, ExportJobs, TooManyJobs
from newsarchive.export.formats import FORMATS, Format
from newsarchive.export.request import ExportRequest
from newsarchive.maintenance.export_log import note_export
from newsarchive.web.context import Context, FormFields, RequestContext, refuse_unknown
from newsarchive.web.responses.streaming import ClosingStreamingResponse, read_chunks
from newsarchive.web.search_params import SearchParams
from storage.errors import ArchiveError
from storage.index.engine.database import WorkLimit
from storage.index.queries import aggregates, articles
from storage.index.views.articles import Filters

router = APIRouter()

MAX_ARTICLE_EXPORT = 500_000_000
"""Maximum size of the export of one article, in bytes; larger ones are made on the command line."""
MAX_JOB_CPU = 3600.0
"""CPU seconds that the queries of an export in the background may take."""
_FIELDS = {*SearchParams.__dataclass_fields__, "format", "article", "all_versions"} - {"problems"}


def get_export_jobs(request: Request) -> ExportJobs:
    """Return the exports of this server; 403 if readers may not start any."""
    if not request.app.state.options.exports_enabled:
        raise HTTPException(403, "Exports are disabled in this archive. Single articles are available as WARC or WACZ")
    jobs: ExportJobs = request.app.state.exports
    return jobs


Jobs = Annotated[ExportJobs, Depends(get_export_jobs)]


@router.get("/exports")
def exports_page(context: Context, jobs: Jobs) -> Response:
    """Return the form, filled in from the query, and the list of exports."""
    listed = jobs.list_jobs()
    urls = _list_file_urls(context, listed)
    sites = context.index.ask(aggregates.list_site_names)
    shown: dict[str, Any] = {"jobs": listed, "file_urls": urls, "forms": FORMATS, "sites": sites, "days": KEPT_FOR.days}
    return context.render("exports.html", params=SearchParams.from_query(context.request.query_params), **shown)


@router.post("/exports")
def start_export(jobs: Jobs, fields: FormFields) -> Response:
    """Queue an export and redirect to the list."""
    refuse_unknown(fields, _FIELDS, "field")
    try:
        if (form := fields.get("format", "")) not in FORMATS or fields.get("all_versions", "1") != "1":
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, and all_versions 1 or left out")
        filters = _parse_filters(fields)
    except ValueError as problem:
        raise HTTPException(400, f"Invalid export: {problem}") from None
    try:
        jobs.submit(Format(form), filters, all_versions="all_versions" in fields)
    except TooManyJobs as problem:
        text = str(problem)
        raise HTTPException(429, f"{text[0].upper()}{text[1:]}", headers={"retry-after": "60"}) from None
    return RedirectResponse("/exports", 303)


@router.post("/exports/{job_id}/remove")
def remove_export(jobs: Jobs, job_id: str) -> Response:
    """Remove an export; a running one is stopped."""
    jobs.remove(_get_job_or_404(jobs, job_id).id)
    return RedirectResponse("/exports", 303)


@router.get("/exports/{job_id}/{name}")
def download_export(context: Context, jobs: Jobs, job_id: str, name: str) -> Response:
    """Return the file of an export."""
    job = _get_job_or_404(jobs, job_id)
    path = jobs.path(job)
    if _list_file_urls(context, [job])[job_id] != f"/exports/{job_id}/{name}" or not path.is_file():
        raise HTTPException(
            404, "This export does not exist, or was made before something was withheld. Start it again"
        )
    return FileResponse(path, media_type=FORMATS[job.format].media_type, filename=name)


@router.get("/article/{article_id:int}.warc.gz")
@router.get("/article/{article_id:int}.wacz")
def article_records(context: Context, article_id: int) -> Response:
    """Return the records of one article as a WARC file, or with their index as WACZ."""
    form = Format.WACZ if context.request.url.path.endswith(".wacz") else Format.WARC
    article = context.find(articles.get_article, article_id, what="such article")
    choice = build_export_request(context.archive, context.rules, Filters(articles=(article_id,)), context.work)
    # Written to a file first, so that an error can still become an error response.
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed after sending

    def check_size(count: int) -> None:
        if file.tell() > MAX_ARTICLE_EXPORT:
            raise ArchiveError.create("article-too-large", count=count, size=MAX_ARTICLE_EXPORT)

    choice = replace(choice, title=article.current.headline, report_progress=check_size)
    try:
        with context.heavy_requests.slot(), context.work.measure():
            FORMATS[form].write(choice, file)
    except BaseException:
        file.close()
        raise
    note_export(context.archive.folder, FORMATS[form].name, "sent to a reader of the browser", urls=[article.url])
    disposition = f'attachment; filename="article-{article_id}{FORMATS[form].suffix}"'
    headers = {"content-length": str(file.tell()), "content-disposition": disposition}
    return ClosingStreamingResponse(read_chunks(lambda: file), media_type=FORMATS[form].media_type, headers=headers)


def build_export_request(
    archive: Archive, rules: AccessRules, filters: Filters, work: WorkLimit | None = None
) -> ExportRequest:
    """Return the request of an export under the access rules; without `work`, of one in the background."""
    # Not the index of a request: a job may run much later, after the end of an embargo.
    exclude = rules.exclusions(archive.now())
    return ExportRequest.build(archive, exclude, work or WorkLimit(MAX_JOB_CPU), filters=filters, rules=rules.digest)


def _get_job_or_404(jobs: ExportJobs, job_id: str) -> ExportJob:
    if (job := jobs.get(job_id)) is None:
        raise HTTPException(404, "No such export; it may have expired")
    return job


def _list_file_urls(context: RequestContext, jobs: Sequence[ExportJob]) -> dict[str, str]:
    """Return the URLs of the files of exports by id; "" if there is none, or it may have what is withheld now."""
    withheld = context.index.ask(aggregates.count_withheld, [job.finished_at or context.now for job in jobs])
    return {
        job.id: f"/exports/{job.id}/newsarchive-{job.requested_at:%Y%m%d-%H%M%S}{FORMATS[job.format].suffix}"
        if job.state == "done" and job.rules == f"{context.rules.digest} {count}"
        else ""
        for job, count in zip(jobs, withheld, strict=True)
    }


def _parse_filters(fields: QueryParams) -> Filters:
    """Parse the filters of the form; ValueError, with a message for the client, if invalid."""
    params, article = SearchParams.from_query(fields), fields.get("article", "")
    if params.problems:
        raise ValueError(params.problems[0])
    if article and not (article.isascii() and article.isdecimal() and len(article) < 10):
        raise ValueError(f"{article!r} is not an article number")
    return replace(params.filters, query=params.q or None, articles=(int(article),) if article else None)
