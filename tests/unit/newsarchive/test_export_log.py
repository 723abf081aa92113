"""The list of exports, which a takedown reads to name the files that may have an article."""

from pathlib import Path

from newsarchive.maintenance.export_log import list_exports, note_export


def test_exports_that_may_have_an_article_are_listed(tmp_path: Path) -> None:
    """Those of whole selections, and those of the article; not those of other articles. A damaged line is none."""
    note_export(tmp_path, "CSV", "all.csv")
    note_export(tmp_path, "PDF", "sent", urls=["https://news.example/a"])
    note_export(tmp_path, "receipt", "proof.zip", urls=["https://news.example/b"])
    with (tmp_path / "exports.jsonl").open("a") as file:
        file.write('\n{"export": "cut')
    listed = list_exports(tmp_path, ["https://news.example/a", "https://news.example/c"])
    assert [line.partition(" of ")[0] for line in listed] == ["CSV", "PDF"]
    assert list_exports(tmp_path / "nowhere", ["https://news.example/a"]) == []
