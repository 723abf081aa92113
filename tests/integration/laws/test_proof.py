"""Law of proof: what is changed, removed, swapped, inserted or back-dated is found and named, also after a rebuild."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsarchive.archive import Archive
from newsarchive.cli.app import run
from newsarchive.maintenance.recover import repair_open_files
from newsarchive.maintenance.verify_chain import ChainReport, HeadProof, check_chains
from storage.errors import StorageError
from storage.model import CrawlRun, Exchange, RefersTo
from storage.places.chain import LOST, START, Chain, ChainLink, parse_chain
from storage.warc.reader import read_records
from storage.warc.record import header, parse_fields
from storage.warc.writer import HEAD_FIELD, WarcWriter
from tests.rebuilding import rebuild
from tests.sizes import few_and_all

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCS = Path(__file__).parents[3] / "docs"
TEXT = "The town council met on Tuesday evening and discussed the budget for the coming year at length. " * 6


class NoOriginals:
    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return None

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return None


def write_file(folder: Path, number: int, chain: Chain | None, word: str = "gardener") -> Path:
    """Write a closed WARC file with two pages, as a crawl does."""
    at = NOON + timedelta(days=number)
    run = CrawlRun(id=f"run-{number}", sites=(), started_at=at)
    writer = WarcWriter(folder, run=run, info={}, originals=NoOriginals(), host="desk", chain=chain, now=lambda: at)
    for page in range(2):
        body = f"<title>{word}</title><article><h1>{word} {page}</h1><p>{TEXT} {number}</p></article>".encode()
        url = f"https://news.example/a/{number}-{page}.html"
        response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        writer.write(Exchange(url=url, started_at=at, request=b"GET / HTTP/1.1\r\n\r\n", response=response))
    closed = writer.close()
    assert closed is not None
    return folder / closed.name


def build_archive(folder: Path) -> Path:
    """Return the folder of an archive with three WARC files, indexed."""
    Archive.init(folder).close()
    with Archive.open(folder) as archive:
        for number in range(3):
            write_file(archive.config.warc_folder, number, archive.places.chain)
        with archive.ingestor() as ingestor:
            archive.recover(ingestor)
    return folder


@pytest.fixture
def folder(tmp_path: Path, built: Path) -> Path:
    """An archive with three WARC files."""
    return Path(shutil.copytree(built, tmp_path / "morgue", symlinks=True))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that each test has a copy of."""
    return build_archive(tmp_path_factory.mktemp("built") / "morgue")


def warcs(folder: Path) -> list[Path]:
    return sorted((folder / "warc").glob("*.warc.gz"))


def chain_file(folder: Path) -> Path:
    (file,) = (folder / "warc").glob("CHAIN-*")
    return file


def links_of(folder: Path) -> list[ChainLink]:
    """Return the links but the first two, which a new archive has: key and beginning."""
    key, begun, *links = parse_chain("", chain_file(folder).read_bytes()).links
    assert (key.reason, begun.reason) == ("key", "begun")
    return links


def check(folder: Path, *, rebuild: bool = False, repair: bool = False) -> ChainReport:
    if rebuild:
        Archive.rebuild_in(folder, forget=True)
    with Archive.open_to_read(folder) as archive:
        return archive.verify(repair=repair).chain


def subjects(report: ChainReport) -> set[str]:
    return {name for name, _ in report.problems}


def edit_lines(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    file = chain_file(folder)
    file.write_bytes(b"".join(line + b"\n" for line in change(file.read_bytes().split(b"\n")[:-1])))


def forge_chain(folder: Path) -> None:
    """Compute the chain anew from the files as they are, as somebody would who knows the format."""
    lines: list[bytes] = []
    for line in chain_file(folder).read_bytes().split(b"\n")[:-1]:
        link = json.loads(line)
        if "file" in link:
            link["sha256"] = hashlib.sha256((folder / "warc" / link["file"]).read_bytes()).hexdigest()
        link["previous"] = hashlib.sha256(lines[-1]).hexdigest() if lines else START
        lines.append(json.dumps(link, sort_keys=True, separators=(",", ":")).encode())
    edit_lines(folder, lambda _: lines)


def replace_record(path: Path, word: str = "forger") -> None:
    """Write a file again under its name, with other words and right digests."""
    number = int(next(iter(read_records(path))).block.split(b"run-")[1][:1])
    write_file(path.parent, number, None, word).replace(path)


def test_an_untouched_archive_is_not_proved_yet(folder: Path) -> None:
    """Three links; without a head that somebody noted, the sentence says so and the word proved is not alone."""
    report = check(folder, rebuild=True)
    assert report.problems == ()
    assert report.sentence == ("Not proved yet: 3 files, which are as the chain has them")
    assert [(link.reason, link.file, link.size) for link in links_of(folder)] == [
        ("closed", path.name, path.stat().st_size) for path in warcs(folder)
    ]


def test_each_file_has_the_head_at_its_opening(folder: Path) -> None:
    """Warcinfo and chain vouch for each other."""
    heads = [header(parse_fields(next(iter(read_records(path))).block), HEAD_FIELD) for path in warcs(folder)]
    assert heads == parse_chain("", chain_file(folder).read_bytes()).heads[1:4]


def change(folder: Path) -> set[str]:
    replace_record(warcs(folder)[1])
    return {warcs(folder)[1].name}


def remove(folder: Path) -> set[str]:
    path = warcs(folder)[0]
    path.unlink()
    return {path.name}


def swap(folder: Path) -> set[str]:
    first, second, _ = warcs(folder)
    aside = first.with_suffix(".aside")
    first.rename(aside), second.rename(first), aside.rename(second)
    return {first.name, second.name}


def insert(folder: Path) -> set[str]:
    return {write_file(folder / "warc", 5, None).name}


def change_link(folder: Path) -> set[str]:
    edit_lines(folder, lambda lines: [*lines[:2], lines[2].replace(b'"size":', b'"size":1'), *lines[3:]])
    return {chain_file(folder).name}


def remove_link(folder: Path) -> set[str]:
    name = warcs(folder)[1].name
    edit_lines(folder, lambda lines: [*lines[:3], lines[4]])
    return {chain_file(folder).name, name}


def swap_links(folder: Path) -> set[str]:
    edit_lines(folder, lambda lines: [*lines[:2], lines[3], lines[2], lines[4]])
    return {chain_file(folder).name}


def insert_link(folder: Path) -> set[str]:
    path = write_file(folder / "warc", 5, None)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    link = ChainLink(reason="closed", file=path.name, size=1, sha256=digest, previous=START, at="2026-01-01T00:00:00Z")
    edit_lines(folder, lambda lines: [*lines[:3], link.to_line(), *lines[3:]])
    return {chain_file(folder).name}


def back_date_link(folder: Path) -> set[str]:
    chain = parse_chain("", chain_file(folder).read_bytes())
    link = ChainLink(reason="closed", file="new.warc.gz", previous=chain.head, at="2020-01-01T00:00:00Z")
    edit_lines(folder, lambda lines: [*lines, link.to_line()])
    return {chain_file(folder).name}


def remove_chain(folder: Path) -> set[str]:
    chain_file(folder).unlink()
    return {path.name for path in warcs(folder)}


def remove_chain_and_crawl(folder: Path) -> set[str]:
    chain_file(folder).unlink()
    with Archive.open(folder) as archive, archive.ingestor() as ingestor:
        archive.recover(ingestor)
    return {path.name for path in warcs(folder)}


def change_with_its_chain(folder: Path) -> set[str]:
    replace_record(warcs(folder)[0])
    forge_chain(folder)
    return {path.name for path in warcs(folder)[1:]}


def change_open(folder: Path) -> set[str]:
    path = warcs(folder)[1]
    replace_record(path)
    path.rename(path.with_name(path.name + ".open"))
    return {path.name}


def spell_last_link(folder: Path, before: bytes, after: bytes) -> set[str]:
    edit_lines(folder, lambda lines: [*lines[:-1], lines[-1].replace(before, after, 1)])
    return {chain_file(folder).name}


def space_last_link(folder: Path) -> set[str]:
    return spell_last_link(folder, b'":"', b'": "')


def escape_last_link(folder: Path) -> set[str]:
    return spell_last_link(folder, b'"closed"', b'"\\u0063losed"')


def repeat_key_of_last_link(folder: Path) -> set[str]:
    return spell_last_link(folder, b'{"at"', b'{"file":"other.warc.gz","at"')


def end_last_link_with_cr(folder: Path) -> set[str]:
    return spell_last_link(folder, b"}", b"}\r")


def replace_by_pipe(folder: Path) -> set[str]:
    path = warcs(folder)[1]
    path.unlink()
    os.mkfifo(path)
    return {path.name}


def replace_by_endless_device(folder: Path) -> set[str]:
    path = warcs(folder)[1]
    path.unlink()
    path.symlink_to("/dev/zero")
    return {path.name}


def replace_by_circle(folder: Path) -> set[str]:
    path = warcs(folder)[1]
    path.unlink()
    path.symlink_to(path)
    return {path.name}


def replace_chain_by_pipe(folder: Path) -> set[str]:
    chain_file(folder).unlink()
    os.mkfifo(folder / "warc" / "CHAIN-other")
    return {path.name for path in warcs(folder)}


def name_what_is_no_text(folder: Path) -> set[str]:
    """A link of a file whose name cannot be printed, and a file whose name is no text."""
    edit_lines(folder, lambda lines: [*lines, b'{"file":"\\ud800.warc.gz","reason":"found","sha256":"a"}'])
    Path(os.fsdecode(os.fsencode(folder / "warc") + b"/\xff.warc.gz")).write_bytes(warcs(folder)[0].read_bytes())
    return {chain_file(folder).name}


def accept_in_other_chain(folder: Path) -> set[str]:
    path = warcs(folder)[1]
    replace_record(path)
    link = ChainLink(reason="found", file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    Chain(path=folder / "warc" / "CHAIN-other", key=folder / "other.key").append(link)
    return {path.name}


def take_down_in_other_chain(folder: Path) -> set[str]:
    path = warcs(folder)[1]
    replace_record(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    link = ChainLink(reason="takedown", file=path.name, sha256=digest, was="a" * 64)
    Chain(path=folder / "warc" / "CHAIN-other", key=folder / "other.key").append(link)
    return {path.name}


def take_down_in_added_chain(folder: Path, *, key: str | None = "other.key") -> set[str]:
    """By the right SHA-256: who can write to the folder can add the chain of a machine that never was."""
    path = warcs(folder)[1]
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    replace_record(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    link = ChainLink(reason="takedown", file=path.name, sha256=digest, was=before, note="court\nall is proved")
    Chain(path=folder / "warc" / "CHAIN-other", key=folder / key if key else None).append(link)
    return {path.name}


def take_down_in_prepared_chain(folder: Path) -> set[str]:
    """In one that has a link of the file as it is, and that itself and another added chain have seen."""
    path = warcs(folder)[1]
    added = Chain(path=folder / "warc" / "CHAIN-other", key=folder / "other.key")
    added.append(ChainLink(reason="found", file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
    for name in ("CHAIN-other", "CHAIN-second"):
        chain = Chain(path=folder / "warc" / name, key=folder / "other.key")
        chain.append(ChainLink(reason="machine", heads={"CHAIN-other": added.load().head}))
    return take_down_in_added_chain(folder)


def take_down_in_added_chain_that_is_crossed(folder: Path) -> set[str]:
    """The next crawl links the head of each chain in the folder, which vouches for none."""
    named = take_down_in_added_chain(folder)
    with Archive.open(folder) as archive:
        last = archive.seal().links[-1]
    assert (last.reason, "CHAIN-other" in last.heads) == ("crossed", True)
    return named


def take_down_with_a_lost_key(folder: Path) -> set[str]:
    """In the chain of a machine, which anybody can go on with by a key of their own."""
    see_other_chain(folder)
    (folder / "other.key").unlink()
    named = take_down_in_added_chain(folder)
    assert parse_chain("", (folder / "warc" / "CHAIN-other").read_bytes()).links[-2].note == LOST
    return named


def take_down_without_signature(folder: Path) -> set[str]:
    """Nor does it help that another chain vouches for that one."""
    see_other_chain(folder)
    chain = folder / "warc" / "CHAIN-other"
    chain.unlink()
    return take_down_in_added_chain(folder, key=None)


def take_down_after_a_link_without_signature(folder: Path, signature: str = "") -> set[str]:
    """The chain of an archive without a key can be continued by anybody, so it vouches for none."""
    mine = chain_file(folder)
    links = [replace(each, signature="") for each in parse_chain("", mine.read_bytes()).links[1:]]
    mine.unlink()
    Chain(path=mine).append(*links)
    other = Chain(path=folder / "warc" / "CHAIN-other", key=folder / "other.key")
    other.append(ChainLink(reason="begun"))
    last = Chain(path=mine).load()
    link = ChainLink(reason="machine", heads={"CHAIN-other": other.load().head}, signature=signature)
    line = replace(link, at=last.links[-1].at, previous=last.head).to_line()
    mine.write_bytes(mine.read_bytes() + line + b"\n")
    (folder / "signing.key").unlink()
    return take_down_in_added_chain(folder)


def take_down_after_a_link_with_any_signature(folder: Path) -> set[str]:
    """A signature without a key is none."""
    name = chain_file(folder).name
    take_down_after_a_link_without_signature(folder, "ab" * 64)
    return {name}


def see_other_chain(folder: Path) -> None:
    """Have this machine link another one's chain, as its owner does."""
    Chain(path=folder / "warc" / "CHAIN-other", key=folder / "other.key").append(ChainLink(reason="begun"))
    assert run(["seal", "--print", "--machine", "other", "--archive", str(folder)]) == 0


def sign_with_other_key(folder: Path) -> set[str]:
    """The whole chain anew, with a key that the archive's key neither signs nor is."""
    file = chain_file(folder)
    links = [replace(each, signature="") for each in parse_chain("", file.read_bytes()).links[1:]]
    file.unlink()
    Chain(path=file, key=folder / "other.key").append(*links)
    return {file.name}


def rename_crossed_chain(folder: Path) -> set[str]:
    """The chain of another machine, whose head this one has in a link."""
    see_other_chain(folder)
    (folder / "warc" / "CHAIN-other").rename(folder / "warc" / "CHAIN-renamed")
    return {"CHAIN-other"}


FORGERIES = [
    change, remove, swap, insert, change_link, remove_link, swap_links, insert_link, back_date_link, remove_chain,
    remove_chain_and_crawl, change_with_its_chain, change_open, space_last_link, escape_last_link,
    repeat_key_of_last_link, end_last_link_with_cr, replace_by_pipe, replace_by_endless_device, replace_by_circle,
    replace_chain_by_pipe, name_what_is_no_text, accept_in_other_chain, take_down_in_other_chain, sign_with_other_key,
    take_down_in_added_chain, take_down_in_prepared_chain, take_down_without_signature, rename_crossed_chain,
    take_down_in_added_chain_that_is_crossed, take_down_with_a_lost_key,
    take_down_after_a_link_without_signature, take_down_after_a_link_with_any_signature,
]  # fmt: skip


@pytest.mark.parametrize("rebuild", [False, True])
@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_forgeries_are_found_and_named(folder: Path, forge: Callable[[Path], set[str]], *, rebuild: bool) -> None:
    """Before and after a rebuild, by file and link; the sentence never says that it is in order."""
    named = forge(folder)
    report = check(folder, rebuild=rebuild)
    assert named <= subjects(report), report.problems
    assert report.sentence.startswith("The files are not as the chain has them")


def test_a_takedown_after_the_last_known_head_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also by another machine: nothing vouches for the file since, which is said without --notes."""
    see_other_chain(folder)
    with Archive.open(folder) as archive:
        head = archive.seal().head
    (name,) = take_down_in_added_chain(folder)
    Archive.rebuild_in(folder, forget=True)
    assert run(["verify", "--head", f" {head.upper()}", "--archive", str(folder)]) == 0
    said = capsys.readouterr()
    assert f"{name}: (not damage) takedown on" in said.err
    assert "in CHAIN-other: court" in said.err
    assert "2 files; not proved yet: 1 file, which is" in said.out
    assert not any(line.startswith("all is proved") for line in said.err.splitlines())


def test_a_changed_record_is_named_by_the_index(folder: Path) -> None:
    """Before a rebuild the index tells which record it was."""
    replace_record(warcs(folder)[1], "forger of many words")
    with Archive.open_to_read(folder) as archive:
        (file,) = (file for file in archive.verify().files if file.problems)
    assert any(problem.record_id for problem in file.problems)


def test_a_file_that_was_put_there_is_accepted_by_its_owner(folder: Path) -> None:
    """`verify --repair` links it from now on, and a note says so."""
    path = write_file(folder / "warc", 5, None)
    assert subjects(check(folder, rebuild=True)) == {path.name}
    assert check(folder, repair=True).problems == ()
    assert [what.split(" on ")[0] for name, what in check(folder).notes if name == path.name] == ["found"]


def test_archives_of_earlier_versions_are_chained_from_the_upgrade_on(folder: Path) -> None:
    """The links have the reason, and the digests of the index."""
    chain_file(folder).unlink()
    for path in warcs(folder):
        path.unlink()
    paths = [write_file(folder / "warc", number, None) for number in range(2)]
    with Archive.open(folder) as archive:
        before = archive.verify().chain
        assert before.problems == ()
        assert before.sentence == "Not proved yet: 2 files, which are in no chain. To begin one: newsarchive seal"
        with archive.ingestor() as ingestor:
            archive.recover(ingestor)
        _key, *links = archive.places.chain.load().links
        assert [(link.reason, link.file) for link in links] == [("upgrade", path.name) for path in sorted(paths)]
        assert archive.verify().chain.problems == ()


def test_a_takedown_is_a_link_with_both_digests(folder: Path) -> None:
    """The chain goes on, before and after a rebuild; the note has the reason."""
    before = hashlib.sha256(warcs(folder)[1].read_bytes()).hexdigest()
    with Archive.open(folder) as archive:
        archive.takedown(["https://news.example/a/1-0.html"], "court order 7", dry_run=False)
        last = archive.places.chain.load().links[-1]
    assert (last.reason, last.note, last.was) == ("takedown", "court order 7", before)
    assert last.sha256 == hashlib.sha256(warcs(folder)[1].read_bytes()).hexdigest()
    assert check(folder, rebuild=True).problems == ()


def test_an_import_is_a_link(folder: Path, tmp_path: Path) -> None:
    """Killed before the rename, it is completed by the same import."""
    source = write_file(tmp_path, 7, None)
    with Archive.open(folder) as archive:
        (imported,) = archive.import_files([source]).adopted[0].files
        assert archive.places.chain.load().links[-1].reason == "import"
        imported.rename(imported.with_name(imported.name + ".part"))
        assert subjects(archive.verify().chain) == {imported.name}
        archive.import_files([source])
        assert (archive.verify().chain.problems, len(links_of(folder))) == ((), 4)


@pytest.mark.parametrize("torn", [b"", b"half a record"])
def test_a_file_that_a_crash_left_open_is_linked(folder: Path, torn: bytes) -> None:
    """With its reason, and the bytes that were cut off."""
    path = write_file(folder / "warc", 5, None)
    left = path.rename(path.with_name(path.name + ".open"))
    left.write_bytes(left.read_bytes() + torn)
    with Archive.open(folder) as archive:
        archive.verify(repair=True)
        last = archive.places.chain.load().links[-1]
        assert (last.reason, last.file, last.note) == (
            "crash",
            path.name,
            f"cut off: {len(torn)} bytes" if torn else "",
        )
        assert archive.verify().chain.problems == ()


def test_a_kill_between_link_and_rename_costs_nothing(folder: Path) -> None:
    """The next start renames the file, and the chain gets no second link."""
    path = warcs(folder)[2]
    path.rename(path.with_name(path.name + ".open"))
    before = chain_file(folder).read_bytes()
    with Archive.open(folder) as archive:
        repair_open_files(archive.places)
    assert (path.exists(), chain_file(folder).read_bytes()) == (True, before)


def test_a_closed_file_cannot_be_changed_as_if_a_crash_had_left_it_open(folder: Path) -> None:
    """Its link stays; recovery does not launder it."""
    path = warcs(folder)[1]
    replace_record(path)
    path.rename(path.with_name(path.name + ".open"))
    with Archive.open(folder) as archive, archive.ingestor() as ingestor:
        archive.recover(ingestor)
    assert path.name in subjects(check(folder, rebuild=True))


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_an_incomplete_last_line_is_cut_off_and_said(tmp_path: Path, kept: int) -> None:
    """A kill within the write leaves a part of a line; the next link replaces it and has a note."""
    chain = Chain(path=tmp_path / "CHAIN-a")
    chain.append(ChainLink(reason="closed", file="1.warc.gz", size=1, sha256="a" * 64))
    line = chain.path.read_bytes()
    torn = line[:kept] if kept >= 0 else line[:-1]
    chain.path.write_bytes(line + torn)
    chain.append(ChainLink(reason="closed", file="2.warc.gz", size=1, sha256="b" * 64))
    folded = chain.load()
    assert (folded.torn, folded.breaks, len(folded.links)) == (b"", [], 2)
    assert folded.links[1].note == (f"an incomplete line of {len(torn)} bytes was cut off" if torn else "")


def test_a_chain_is_begun_once_wherever_that_link_is(folder: Path) -> None:
    """A start does not add it again, although it does not read all links."""
    with Archive.open_to_read(folder) as archive:
        chain = archive.places.chain
    kept = [ChainLink(reason="found", file=f"{number}.warc.gz", size=1, sha256="a" * 64) for number in range(5)]
    chain.path.unlink()
    chain.append(*kept, ChainLink(reason="begun"), ChainLink(reason="found", file="6.warc.gz", sha256="a" * 64))
    before = len(chain.load().links)
    with Archive.open(folder) as archive:
        archive.seal()
        archive.seal()
    assert len(chain.load().links) == before


@pytest.mark.parametrize("torn", [b"", b'{"at":"2026'])
def test_an_append_reads_only_the_links_that_it_needs(tmp_path: Path, torn: bytes) -> None:
    """The first links, the last, with keys or heads, and of these files: it knows of them what the whole chain does."""
    chain = Chain(path=tmp_path / "CHAIN-a", key=tmp_path / "signing.key", now=lambda: NOON)
    names = ["1.warc.gz", "11.warc.gz", 'ü "2".warc.gz', "3.warc.gz"]
    for name in names:
        chain.append(ChainLink(reason="closed", file=name, size=1, sha256="a" * 64, note=f'"file":"{names[0]}" "key":'))
    chain.append(ChainLink(reason="takedown", file=names[2], size=1, sha256="b" * 64, was="a" * 64))
    chain.append(ChainLink(reason="crossed", heads={"CHAIN-b": START}))
    chain.path.write_bytes(chain.path.read_bytes() + torn)
    whole = chain.load()
    for files, count in (([], 4), (["1.warc.gz"], 4), ([names[2], "absent.warc.gz"], 6), (names, 7)):
        part = chain.load(files)
        assert (part.head, part.key, part.links[-1], part.torn) == (whole.head, whole.key, whole.links[-1], torn)
        assert [part.find(name) for name in files] == [whole.find(name) for name in files]
        assert len(part.links) == count


def test_a_clock_that_was_set_back_is_not_back_dating(tmp_path: Path) -> None:
    """The time of a link is never before that of the one before."""
    times = iter([NOON, NOON - timedelta(days=3)])
    chain = Chain(path=tmp_path / "CHAIN-a", now=lambda: next(times))
    for name in ("1", "2"):
        chain.append(ChainLink(reason="closed", file=name, size=1, sha256="a" * 64))
    assert [link.at for link in chain.load().links] == ["2026-03-01T12:00:00Z"] * 2


def test_the_script_of_the_manual_checks_the_chain(folder: Path, tmp_path: Path) -> None:
    """Forty lines of Python that need nothing: the format is documented so that anybody can write them."""
    script = tmp_path / "check.py"
    (found,) = re.findall(r"```python\n(.*?)```", (DOCS / "proof.md").read_text(), re.DOTALL)
    script.write_text(found)
    head = parse_chain("", chain_file(folder).read_bytes()).head

    def run_script(*heads: str) -> tuple[int, str]:
        words = [sys.executable, "-I", str(script), str(folder / "warc"), *heads]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run_script(head) == (0, "3 files are as the chains have them\n")
    assert run_script("f" * 64) == (1, f"no chain has the head {'f' * 64}\n")
    for forge in (change, remove, swap, insert, remove_link, back_date_link):
        state = {path: path.read_bytes() for path in (folder / "warc").iterdir()}
        forge(folder)
        assert run_script(head)[0] == 1, forge
        for path in (folder / "warc").iterdir():
            path.unlink()
        for path, data in state.items():
            path.write_bytes(data)


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Path, Path]:
    """Two machines that share a bucket. Each has uploaded its files and chain, and seen the other's."""
    (tmp_path / "bucket").mkdir()
    folders = tmp_path / "a", tmp_path / "b"
    for number, folder in enumerate(folders):
        Archive.init(folder).close()
        toml = folder / "newsarchive.toml"
        toml.write_text(f'bucket = "file://{tmp_path}/bucket"\n{toml.read_text()}')
        with Archive.open(folder) as archive:
            write_file(archive.config.warc_folder, number, archive.places.chain)
            assert archive.upload().problems == []
    for folder in folders:
        with Archive.open(folder) as archive, archive.ingestor() as ingestor:
            archive.recover(ingestor)
            archive.upload()
    return folders


def test_chains_of_machines_are_crossed_once_a_day(machines: tuple[Path, Path]) -> None:
    """A link holds the head of the other chain; moves to the bucket are links; copies in the bucket go on."""
    folded = [parse_chain("", chain_file(folder).read_bytes()) for folder in machines]
    assert [[link.reason for link in links_of(each)] for each in machines] == [["closed", "uploaded", "machine"]] * 2
    assert folded[0].links[4].heads == {chain_file(machines[1]).name: folded[1].heads[3]}
    with Archive.open(machines[0]) as archive, archive.ingestor() as ingestor:
        archive.recover(ingestor)
        assert len(archive.places.chain.load().links) == 5
        chains = archive.places.load_chains()
        assert {chain.head for chain in chains} == {chain.head for chain in folded}
        assert archive.verify().chain.problems == ()


def test_takedowns_of_a_machine_with_the_same_bucket_count(machines: tuple[Path, Path]) -> None:
    """Each machine links the chains that it finds in the bucket as those of machines."""
    with Archive.open(machines[1]) as archive:
        (report,) = archive.takedown(["https://news.example/a/0-0.html"], "court order 7", dry_run=False)
        assert report.records > 0
        assert archive.upload().problems == []
        links = archive.places.chain.load().links
    assert [(link.reason, link.file) for link in links if link.reason == "takedown"] == [
        ("takedown", warcs(machines[0])[0].name)
    ]
    assert check(machines[1]).problems == ()


def test_a_machine_that_nobody_has_is_not_linked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is added; the message names the chains that there are."""
    before = chain_file(folder).read_bytes()
    assert run(["seal", "--machine", "5e1f2a3b4c5d", "--archive", str(folder)]) == 4
    assert chain_file(folder).read_bytes() == before
    said = " ".join(capsys.readouterr().err.split())
    assert "has no chain CHAIN-5e1f2a3b4c5d of another machine, so no link was added. It has none" in said
    assert "Copy the chain of that machine there first, then run: newsarchive seal --machine ID" in said
    own = chain_file(folder).name.removeprefix("CHAIN-")
    assert run(["seal", "--machine", own, "--archive", str(folder)]) == 4
    assert chain_file(folder).read_bytes() == before


def test_a_chain_with_breaks_is_not_linked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its links may be by anybody; the message leads to `verify`, which names the breaks."""
    own = chain_file(folder)
    other = Chain(path=folder / "warc" / "CHAIN-other", key=folder / "other.key")
    other.append(ChainLink(reason="begun"), ChainLink(reason="found", file="1.warc.gz", sha256="a" * 64))
    other.path.write_bytes(other.path.read_bytes().replace(b"a" * 64, b"b" * 64))
    assert run(["seal", "--print", "--machine", "other", "--archive", str(folder)]) == StorageError.exit_code
    assert "machine" not in {link.reason for link in parse_chain("", own.read_bytes()).links}
    said = " ".join(capsys.readouterr().err.split())
    assert "is not signed with the archive's key" in said
    assert "run: newsarchive verify" in said


def test_a_machine_links_only_files_that_it_wrote(machines: tuple[Path, Path], tmp_path: Path) -> None:
    """Also one whose settings were written without `init`: its chain begins with its first work, and stays at that."""
    other = "newsarchive-20260301120000123-00001-other.5e1f2a3b4c5d-0a1b2c3d.warc.gz"
    (tmp_path / "bucket" / other).write_bytes(warcs(machines[0])[0].read_bytes() if warcs(machines[0]) else b"")
    third = tmp_path / "c"
    third.mkdir()
    shutil.copy(machines[0] / "newsarchive.toml", third)
    for _ in range(2):
        with Archive.open(third) as archive, archive.ingestor() as ingestor:
            archive.recover(ingestor)
            links = archive.places.chain.load().links
    assert "begun" in [link.reason for link in links]
    assert not [link for link in links if link.file]


def test_a_copy_of_another_chain_that_has_gone_on_is_no_difference(machines: tuple[Path, Path]) -> None:
    """A machine's folder may hold an older copy of another's chain: the one in the bucket counts."""
    theirs = chain_file(machines[1])
    lines = theirs.read_bytes().splitlines(keepends=True)
    (machines[0] / "warc" / theirs.name).write_bytes(b"".join(lines[:2]))
    assert check(machines[0]).problems == ()


def test_a_chain_that_lacks_what_others_saw_is_named(machines: tuple[Path, Path]) -> None:
    """Links that were removed at the end are missed by the other machine, and by the copy in the bucket."""
    name = chain_file(machines[1]).name
    edit_lines(machines[1], lambda lines: lines[:3])
    assert any("copy in the bucket" in what for _, what in check(machines[1]).problems)
    min((machines[0].parent / "bucket" / "chains" / name.removeprefix("CHAIN-")).iterdir()).unlink()
    assert any("it lacks a link" in what for subject, what in check(machines[0]).problems if subject == name)


@pytest.mark.parametrize("work", ["crawl", "verify --repair"])
def test_a_chain_that_the_folder_lost_is_restored_from_the_bucket(
    machines: tuple[Path, Path], caplog: pytest.LogCaptureFixture, work: str
) -> None:
    """A new one would contradict the copy, and prove nothing of what the old one had."""
    before = chain_file(machines[0]).read_bytes()
    shutil.rmtree(machines[0] / "warc")
    with Archive.open(machines[0]) as archive, archive.ingestor() as ingestor:
        if work == "crawl":
            archive.recover(ingestor)
            assert "is restored from its copy in the bucket" in caplog.text
        assert archive.verify(repair=work != "crawl").chain.problems == ()
    assert chain_file(machines[0]).read_bytes().startswith(before)


def test_a_chain_that_is_begun_over_older_files_accepts_none(folder: Path) -> None:
    """Verify names each file that an earlier chain had, until that is restored."""
    before = chain_file(folder).read_bytes()
    chain_file(folder).unlink()
    with Archive.open(folder) as archive:
        archive.seal()
    assert {name for name, what in check(folder).problems if "is of no chain" in what} == {
        path.name for path in warcs(folder)
    }
    chain_file(folder).write_bytes(before)
    assert check(folder).problems == ()


def test_a_file_that_was_changed_is_not_uploaded(machines: tuple[Path, Path]) -> None:
    """Also after a rebuild: the chain refuses what the index has learned."""
    path = write_file(machines[0] / "warc", 5, None)
    with Archive.open(machines[0]) as archive:
        archive.verify(repair=True)
        path.write_bytes(path.read_bytes() + warcs(machines[0])[0].read_bytes())
        rebuild(archive)
        assert any("the chain" in problem for problem in archive.upload().problems)


def test_each_link_is_signed(folder: Path) -> None:
    """With the key that `init` made, which only its owner reads; the chain names it."""
    assert (folder / "signing.key").stat().st_mode & 0o777 == 0o600
    chain = parse_chain("", chain_file(folder).read_bytes(), check_signatures=True)
    assert (chain.breaks, chain.key, len(chain.key)) == ([], chain.links[0].key, 64)
    assert all(len(link.signature) == 128 for link in chain.links)


def forge_links(folder: Path, first: int, key: Path | None) -> None:
    """Append the links from `first` on again, as somebody would who has another key or none."""
    links = parse_chain("", chain_file(folder).read_bytes()).links[first:]
    edit_lines(folder, lambda lines: lines[:first])
    Chain(path=chain_file(folder), key=key).append(*links)


def test_links_without_the_key_are_named(folder: Path, tmp_path: Path) -> None:
    """A chain that is computed anew is no longer signed, or not with the archive's key."""
    forge_links(folder, 3, None)
    assert [what for _, what in check(folder).problems if "is not signed with the archive's key" in what]


def test_a_new_key_is_signed_by_the_old_one(folder: Path) -> None:
    """`seal --new-key`: the link has a signature of both, and later links one of the new key."""
    before = parse_chain("", chain_file(folder).read_bytes()).key
    with Archive.open(folder) as archive:
        chain = archive.seal(new_key=True)
        assert (chain.key != before, chain.links[-1].reason, chain.links[-1].note) == (True, "key", "")
        assert len(chain.links[-1].endorsement) == 128
        write_file(folder / "warc", 5, archive.places.chain)
    report = check(folder)
    assert (report.problems, [what for name, what in report.notes if name == "key"]) == ((), [])


def test_a_key_that_was_lost_is_replaced_and_said(folder: Path) -> None:
    """The next link has a new key; what only the new one vouches for is said."""
    (folder / "signing.key").unlink()
    with Archive.open(folder) as archive:
        write_file(folder / "warc", 5, archive.places.chain)
    report = check(folder)
    assert report.problems == ()
    assert [what.partition(": ")[2] for name, what in report.notes if name == "key"] == ["the key before was lost"]


def test_another_key_does_not_pass_for_a_new_one(folder: Path, tmp_path: Path) -> None:
    """Without the signature of the old one it is a lost key at best; a note that is left out does not help."""
    forge_links(folder, 3, tmp_path / "other.key")
    edit_lines(folder, lambda lines: [line.replace(b'"note":"the key before was lost",', b"") for line in lines])
    assert any("replaces the key without its signature" in what for _, what in check(folder).problems)


def test_a_damaged_key_is_named(folder: Path) -> None:
    """Nothing is closed with it; the error says what to do."""
    (folder / "signing.key").write_text("no key")
    with Archive.open(folder) as archive, pytest.raises(StorageError, match="holds no Ed25519 key"):
        archive.seal()


def test_a_noted_head_proves_what_it_covers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`seal` prints it, `verify --head` says since when; files closed later are not proved yet."""
    words = ["--archive", str(folder)]
    assert run(["seal", *words]) == 0
    sealed = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    with Archive.open(folder) as archive:
        write_file(folder / "warc", 5, archive.places.chain)
        with archive.ingestor() as ingestor:
            archive.recover(ingestor)
    assert run(["verify", "--head", sealed["head"], *words]) == 0
    at = sealed["time"][:16].replace("T", " ")
    assert (
        f"Unchanged since {at} UTC, by a head noted elsewhere: 3 files; not proved yet: 1 file, which is as the "
        "chain has them"
    ) in " ".join(capsys.readouterr().out.split())
    assert run(["verify", "--head", "f" * 64, *words]) == 1
    capsys.readouterr()
    assert run(["verify", "--head", sealed["head"][:-1], *words]) == 2
    assert "is no head of a chain, which has 64 hexadecimal digits; nothing was verified" in capsys.readouterr().err


def test_a_noted_head_finds_what_the_chain_alone_does_not(folder: Path) -> None:
    """The last file and its link, removed together or replaced with the owner's key, contradict the noted head."""
    with Archive.open(folder) as archive:
        head = archive.seal().head
    warcs(folder)[2].unlink()
    edit_lines(folder, lambda lines: lines[:-1])
    assert check(folder, rebuild=True).problems == ()
    with Archive.open(folder) as archive:
        assert archive.verify(head=head).chain.problems
        write_file(folder / "warc", 2, archive.places.chain, "forger")
        assert archive.verify(head=head).chain.problems


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
LISTS = st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=2)
JSON = SCALARS | LISTS | st.lists(LISTS, max_size=2)
NAMES = st.sampled_from(["reason", "file", "size", "sha256", "was", "heads", "key", "at", "previous", "signature", "x"])
LINES = st.dictionaries(NAMES, JSON | st.just("key"), max_size=6).map(lambda line: json.dumps(line).encode())


@given(lines=st.lists(LINES | st.binary(max_size=40) | st.just(b"[" * 20_000), max_size=4))
def test_any_bytes_can_be_read_as_a_chain(lines: list[bytes]) -> None:
    """Hostile lines are contradictions, never errors; links that were read can be compared."""
    chain = parse_chain("CHAIN-a", b"".join(line + b"\n" for line in lines), check_signatures=True)
    report = check_chains([chain], [], (), lambda name: None, [HeadProof(head=START)])
    assert len(report.problems) >= len(chain.breaks) >= len(chain.links)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Path, bytes]]:
    """An archive that is restored after each forgery."""
    folder = build_archive(tmp_path_factory.mktemp("shared") / "morgue")
    return folder, {path: path.read_bytes() for path in (folder / "warc").iterdir()}


@pytest.mark.parametrize("examples", few_and_all(20, 100))
def test_random_forgeries_are_found(shared: tuple[Path, dict[Path, bytes]], examples: int) -> None:
    """Any byte of any file, any removal, swap or insertion: chain and noted head find it."""

    @given(data=st.data())
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def holds(data: st.DataObject) -> None:
        forge_at_random(*shared, data)

    holds()


def forge_at_random(folder: Path, state: dict[Path, bytes], data: st.DataObject) -> None:
    """Change a file of an archive, verify it, and restore it."""
    paths = sorted(state)
    kind = data.draw(st.sampled_from(["byte", "remove", "swap", "insert"]))
    path = data.draw(st.sampled_from(paths))
    length = len(state[path])
    head = parse_chain("", next(state[each] for each in paths if each.suffix != ".gz")).head
    if kind == "byte":
        at = data.draw(st.integers(0, length - 1))
        flipped = state[path][at] ^ data.draw(st.integers(1, 255))
        path.write_bytes(state[path][:at] + bytes([flipped]) + state[path][at + 1 :])
    elif kind == "remove":
        path.unlink()
    elif kind == "swap":
        other = data.draw(st.sampled_from([each for each in paths if each != path]))
        path.write_bytes(state[other])
        other.write_bytes(state[path])
    else:
        at = data.draw(st.integers(0, length))
        path.write_bytes(state[path][:at] + data.draw(st.binary(min_size=1, max_size=64)) + state[path][at:])
    try:
        with Archive.open_to_read(folder) as archive:
            assert archive.verify(head=head).chain.problems
    finally:
        for each, content in state.items():
            each.write_bytes(content)
