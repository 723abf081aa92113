"""newsarchive backfill."""

from dataclasses import replace
from typing import Annotated

from typer import Argument, Exit, Option

from newsarchive.archive import Archive
from newsarchive.cli import crawl
from newsarchive.cli.options import HERE, Clock, Folder, Json, MaxTime, parse_seconds, parse_time, parse_value
from newsarchive.cli.output import pluralize, stdout, to_json
from newsarchive.config.units import parse_size
from newsarchive.crawl.backfill import BackfillRequest
from newsarchive.crawl.backfill import backfill as run


def backfill(  # noqa: PLR0913 - each is an option of the command line
    site: Annotated[str, Argument(help="Name of the site.")],
    *,
    until: Annotated[
        str, Option(metavar="DATE", help="Fetch articles published since this date (2019-01-01), time, or age (365d).")
    ],
    max_pages: Annotated[int, Option(min=0, metavar="N", help="Stop after N requests; 0: no limit.")] = 0,
    max_time: MaxTime = None,
    max_bytes: Annotated[str | None, Option(metavar="SIZE", help="Stop after this many bytes, such as 2GB.")] = None,
    clock: Clock = None,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Fetch older articles of a site.

    They are found in its archive pages, sitemaps and further listing pages. Due URLs are fetched first, as by a crawl;
    then older articles, the newest first, with the same delays. It may be stopped at any time; the next run continues.
    """
    back_to = parse_time(until, "--until")
    assert back_to is not None
    seconds = parse_seconds(max_time, "--max-time")
    size = parse_value(parse_size, max_bytes, "--max-bytes") or 0
    wanted = BackfillRequest(site=site, until=back_to, max_pages=max_pages, max_time=seconds, max_bytes=size)
    with (
        Archive.open(archive) as opened,
        crawl.write_crawl_log(opened.config),
        crawl.show_run("backfilling") as progress,
    ):
        now = crawl.simulated_clock(parse_time(clock, "--clock"))
        done = run(opened, wanted, progress=progress, now=now, sole_process=True)
        left = f"{pluralize(done.waiting_after, 'page')} back to {wanted.until:%Y-%m-%d} still to be fetched"
        report = replace(done.report, notes=(*done.report.notes, f"{left} ({done.waiting_before:,} before)"))
        crawl.print_report(report, quiet=json)
    if json:
        waiting = {"before": done.waiting_before, "left": done.waiting_after}
        print(to_json({"run": report.run, "problems": report.problems, **waiting}))
    elif not done.waiting_after:
        stdout().print(f"{site} is archived back to {wanted.until:%Y-%m-%d}, as far as its archives list articles.")
    raise Exit(crawl.exit_code(report))
