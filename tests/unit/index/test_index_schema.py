import re
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import UniqueConstraint

from storage.index.schema.tables import METADATA
from storage.index.schema.upgrade import FORMER, HEAD, MIGRATIONS


def test_every_table_and_column_has_a_comment() -> None:
    """Users query the index by hand."""
    silent = [table.name for table in METADATA.tables.values() if not table.comment]
    script = (MIGRATIONS / "versions" / "0001_postgresql.sql").read_text("utf-8")
    found = re.findall(r"^COMMENT ON COLUMN (\S+) IS '[^']", script, re.MULTILINE)
    commented = [column.replace('"', "") for column in found]
    assert silent == []
    assert sorted(commented) == sorted(str(column) for table in METADATA.tables.values() for column in table.c)


def test_head_is_the_last_migration() -> None:
    """Migrations are one line without branches, in the folder beside the code."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]
    assert Path(MIGRATIONS, "versions", "0001_schema.py").is_file()


def test_every_earlier_schema_is_known() -> None:
    """An index of any schema before is reported as earlier, and made anew; none is taken for a later one."""
    assert {f"v{number}" for number in range(1, int(HEAD[1:]))} <= FORMER
    assert HEAD not in FORMER


def test_each_foreign_key_has_an_index() -> None:
    """Orphans are deleted: each column that refers to shared rows has an index."""
    shared = {"urls", "paragraphs", "authors", "tags", "link_groups", "captures", "versions", "articles"}
    by_hand = {"urls.site_id"}
    bare = []
    for table in METADATA.tables.values():
        led = {index.columns[0].name for index in table.indexes} | {next(iter(table.primary_key.columns)).name}
        led |= {
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        }
        led |= {column.name for column in table.c if column.unique or column.primary_key}
        bare += [
            f"{table.name}.{key.parent.name}"
            for key in table.foreign_keys
            if key.column.table.name in shared and key.parent.name not in led
        ]
    assert set(bare) <= by_hand
