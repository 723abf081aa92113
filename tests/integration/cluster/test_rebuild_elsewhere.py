"""A rebuild on one of several machines: the index is all machines' own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.maintenance.rebuild import require_all_files
from storage.errors import StorageError
from storage.index import Index
from storage.model import Capture, Discovery, Ingest, NextVisit, Outcome, Reading, RecordPlace, UrlKind
from storage.places import Places
from storage.places.file_names import this_host

THERE = "newsarchive-20260301060000000-00001-elsewhere-0011aabb.warc.gz"


def test_a_rebuild_keeps_rows_of_files_on_other_machines(postgres_url: str, tmp_path: Path) -> None:
    """Files that another machine wrote and that are not here are named; those of this one that are lost are not."""
    index = Index.open(postgres_url)
    try:
        here = THERE.replace("elsewhere", this_host())
        for number, warc in enumerate((here, THERE)):
            capture = Capture(
                url=f"https://news.example/{number}", record_id=f"urn:uuid:{number}", kind="response",
                place=RecordPlace(warc=warc, offset=0, length=9), fetched_at=datetime(2026, 3, 1, 6, tzinfo=UTC),
                date="2026-03-01T06:00:00Z", status=500, mime=None, payload_digest=None, payload_size=0,
            )  # fmt: skip
            reading = Reading(outcome=Outcome.ERROR, reason="HTTP 500")
            discovery = Discovery(site="news", kind=UrlKind.ARTICLE)
            index.commit(
                [Ingest(capture=capture, discovery=discovery, reading=reading)],
                lambda seen: NextVisit(due_at=seen.fetched_at, failure_count=1, unchanged_count=0),
            )
        places = Places(folder=tmp_path)
        with pytest.raises(StorageError, match=f"1 WARC files of other machines are not on this one, such as {THERE}"):
            require_all_files(index, places.files())
        (tmp_path / "newsarchive.toml").write_text(f'index = "{postgres_url}"\n')
        with Archive.open(tmp_path) as archive:
            found = {file.name: file for file in archive.verify().files}
        assert [note.what for note in found[THERE].notes] == [
            "the file is in the folder of elsewhere, and was not checked here"
        ]
        assert found[THERE].problems == ()
        assert found[here].problems[0].what.startswith("the file is missing")
        (tmp_path / THERE).touch()
        require_all_files(index, places.files())
    finally:
        index.close()
