"""newsarchive places."""

from collections import defaultdict
from enum import StrEnum
from typing import Annotated

import typer

from newsarchive.archive import Archive
from newsarchive.bucket.relocate import Lying, Move, Moved, Where, bucket_of, survey
from newsarchive.cli.options import HERE, Folder, Json
from newsarchive.cli.output import as_json, cell, counted, stderr, stdout, steps, table
from newsarchive.config.units import about

MEANINGS = {
    Where.OPEN: "being written, in the folder",
    Where.FOLDER: "in the folder",
    Where.BOTH: "in folder and bucket",
    Where.BUCKET: "in the bucket",
    Where.ELSEWHERE: "in the folders of other machines",
    Where.MISSING: "nowhere, though the index knows them",
}


class Place(StrEnum):
    """Where the archive can be moved to."""

    BUCKET = "bucket"
    FOLDER = "folder"


def places(  # noqa: PLR0913 - each is an option of the command line
    *,
    files: Annotated[bool, typer.Option("--files", help="Name each file.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say only what is wrong or waits, and end with 1 where anything does.")
    ] = False,
    upload: Annotated[
        bool, typer.Option("--upload", help="Upload what waits, and free what keep_local lets go, as a crawl does.")
    ] = False,
    to: Annotated[Place | None, typer.Option("--to", help="Bring all closed files there.")] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="With --to: take them away at the other place, each once it is whole.")
    ] = False,
    archive: Folder = HERE,
    json: Json = False,
) -> None:
    """Show where the WARC files lie, and move them between folder and bucket.

    What is moved is compared by digest before anything goes; broken off, the same command goes on. Ends with 1 where a
    file could not be moved, with 74 where the bucket does not answer.
    """
    if remove and to is None:
        raise typer.BadParameter("goes with --to; nothing was done", param_hint="--remove")
    if upload and to is not None:
        raise typer.BadParameter("goes without --to; nothing was done", param_hint="--upload")
    with Archive.open_to_read(archive) as opened:
        if to is not None:
            _done(_moved(opened, to, remove=remove), to, json=json)
        if upload:
            _sent(opened, json=json)
        known = {file.name: file.size or 0 for file in opened.index.warc_files()}
        found = list(survey(opened.places, known, opened.now()))
    wrong = [each for each in found if each.problem or each.waits]
    if json:
        print(as_json({"folder": str(opened.places.folder), "bucket": opened.config.bucket, "files": found}))
    elif not check:
        _show(opened, found, files=files)
    for each in wrong if check else [each for each in wrong if each.problem and not json]:
        said = each.problem or "it waits to be uploaded; now: newsarchive places --upload"
        stderr().print(cell(f"{each.name}: {said}", "red" if each.problem else "yellow"), soft_wrap=True)
    raise typer.Exit(int(check and bool(wrong)))


def _moved(archive: Archive, to: Place, *, remove: bool) -> Moved:
    bucket_of(archive.places)
    with steps(f"to the {to}") as step:
        move = Move(places=archive.places, digests=archive.index.warc_digests(), remove=remove, tell=step)
        return move.to_bucket() if to is Place.BUCKET else move.to_folder()


def _done(moved: Moved, to: Place, *, json: bool) -> None:
    if json:
        print(as_json(moved))
    else:
        other = Place.FOLDER if to is Place.BUCKET else Place.BUCKET
        gone = f", {len(moved.removed):,} taken away from the {other}" if moved.removed else ""
        stdout().print(f"{counted(len(moved.carried), 'WARC file')} brought to the {to}{gone}.")
        if moved.removed and to is Place.FOLDER:
            stdout().print("Take `bucket` out of newsarchive.toml, or the next crawl uploads them again.")
    for problem in moved.problems:
        stderr().print(cell(problem, "red"), soft_wrap=True)
    raise typer.Exit(int(bool(moved.problems)))


def _sent(archive: Archive, *, json: bool) -> None:
    bucket_of(archive.places)
    with steps("uploading") as step:
        sent = archive.upload(step)
    if json:
        print(as_json(sent))
    else:
        freed = f", {len(sent.freed):,} freed in the folder" if sent.freed else ""
        stdout().print(f"{counted(len(sent.uploaded), 'WARC file')} uploaded{freed}.")
    for problem in sent.problems:
        stderr().print(cell(problem, "red"), soft_wrap=True)
    raise typer.Exit(int(bool(sent.problems)))


def _show(archive: Archive, found: list[Lying], *, files: bool) -> None:
    out = stdout()
    out.print(cell(f"folder: {archive.places.folder}"), soft_wrap=True)
    out.print(cell(f"bucket: {archive.config.bucket or 'none'}"), soft_wrap=True)
    by_place: dict[Where, list[Lying]] = defaultdict(list)
    for each in found:
        by_place[each.where].append(each)
    listed = table("WARC files", "files", "size", right=("files", "size"))
    for where, meaning in MEANINGS.items():
        if some := by_place.get(where):
            style = "red" if where is Where.MISSING else ""
            listed.add_row(cell(meaning, style), f"{len(some):,}", about(sum(each.size for each in some)))
    if unsent := [each for each in found if each.waits]:
        what = cell("waiting to be uploaded", "yellow")
        listed.add_row(what, f"{len(unsent):,}", about(sum(each.size for each in unsent)))
    out.print(listed)
    for each in found if files else ():
        out.print(cell(f"{each.name}  {each.where}  {about(each.size)}"), soft_wrap=True)
