"""The files in examples/ work."""

import sqlite3
from pathlib import Path

from storage.index import Index

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_every_benchmark_query_runs(tmp_path: Path) -> None:
    """The queries use tables and columns that exist."""
    file = tmp_path / "index.sqlite3"
    Index.open(f"sqlite:///{file}").close()
    questions = [text for text in (EXAMPLES / "questions.sql").read_text("utf-8").split(";") if "SELECT" in text]
    assert len(questions) > 5
    database = sqlite3.connect(file)
    try:
        for question in questions:
            assert database.execute(question).fetchall() == []
    finally:
        database.close()
