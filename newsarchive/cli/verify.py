"""newsarchive verify."""

from typing import Annotated

from rich.console import Console
from typer import Exit, Option

from newsarchive.archive import Archive
from newsarchive.cli.options import HERE, Dask, Folder
from newsarchive.cli.output import print_line, print_lines, print_result, safe_text, show_progress, stderr, stdout
from newsarchive.config.units import humanize_size, pluralize
from newsarchive.maintenance.verify import VerifyReport
from newsarchive.maintenance.verify_statements import StatementReport


def verify(
    *,
    repair: Annotated[bool, Option("--repair", help="First repair files that a crash left open.")] = False,
    notes: Annotated[bool, Option("--notes", help="Also report what is unusual but not damage.")] = False,
    deep: Annotated[bool, Option("--deep", help="Compare all that the index says, not only of 100 articles.")] = False,
    head: Annotated[str, Option("--head", metavar="HEAD", help="Head of the chain that was noted elsewhere.")] = "",
    dask: Dask = None,
    archive: Folder = HERE,
) -> None:
    """Verify WARC records, and the index against them.

    Checks framing, lengths, both digests, gzip trailers, truncated files, the checksum of each closed file, and the
    record positions in the index. Compares the files with the chain of their digests. Then reads captures again, and
    compares what the index says of a sample of articles with what their records hold. Exits with 1 if there is
    any problem.
    """
    with Archive.open_to_read(archive) as opened, show_progress("verifying") as step:
        found = opened.verify(repair=repair, progress=step, dask=dask, deep=deep, head=head)
    print_result(found, lambda: _print(found, notes=notes))
    raise Exit(int(found.damaged))


def _print(found: VerifyReport, *, notes: bool) -> None:
    out, remarks = stdout(), stderr()
    print_lines(out, found.repaired, "repaired: ")
    for file in found.files:
        for problem in file.problems:
            print_line(remarks, f"{file.name}, byte {problem.offset}: {problem.what}", "red")
        for note in file.notes if notes else ():
            print_line(remarks, f"{file.name}, byte {note.offset}: (not damage) {note.what}", "dim")
    damaged = sum(bool(file.problems) for file in found.files)
    records = pluralize(sum(file.records for file in found.files), "record")
    size = humanize_size(sum(file.size for file in found.files))
    if damaged:
        what = f"{damaged:,} of {pluralize(len(found.files), 'WARC file')} with problems, which are listed above"
        rest = "everything else in the archive is intact. What to do: newsarchive help warc"
        out.print(safe_text(f"{what}; {rest}", "bold red"))
    else:
        print_line(out, f"{records} in {pluralize(len(found.files), 'WARC file')} ({size}): no problems", "green")
    print_lines(remarks, map(": ".join, found.chain.problems), style="red")
    for name, what in found.chain.notes:
        # A takedown after the last head that is known from elsewhere is always named: nothing vouches for it.
        if notes or (what.startswith("takedown") and name not in found.chain.proved):
            print_line(remarks, f"{name}: (not damage) {what}", "dim")
    print_line(out, found.chain.sentence, "bold red" if found.chain.problems else "")
    if found.statements:
        _print_statements(out, remarks, found.statements)


def _print_statements(out: Console, remarks: Console, found: StatementReport) -> None:
    for false in found.problems:
        named = f"article {false.article_id}, {false.url}" if false.article_id is not None else false.url
        print_lines(remarks, false.what, f"{named}: ", "red")
    compared = f"{found.compared:,} of {pluralize(found.total, 'article')} compared with their records"
    if found.problems:
        articles = sum(false.article_id is not None for false in found.problems)
        others = f" and {len(found.problems) - articles:,} other entries" if articles < len(found.problems) else ""
        what = f"{compared}: {pluralize(articles, 'article')}{others} with false statements, see above."
        print_line(out, f"{what} To correct them: newsarchive rebuild", "bold red")
    else:
        print_line(out, f"{compared}: no differences", "green")
    left = (
        (found.outdated, "read by another version of the extractor (newsarchive reextract)"),
        (found.unread, "with records that cannot be read here"),
        (found.changed, "changed by a crawl meanwhile"),
    )
    print_lines(out, (f"not compared: {pluralize(count, 'article')} {why}" for count, why in left if count))
