import re
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

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


def _read_indexes(database: str) -> dict[str, tuple[str, str, str]]:
    """Return table, columns and condition of each index that the script of a database creates."""
    script = (MIGRATIONS / "versions" / f"0001_{database}.sql").read_text("utf-8")
    found = re.findall(r"^CREATE INDEX (\w+) ON (\w+) \(([\w, ]+)\)(?: WHERE (.*))?;?$", script, re.MULTILINE)
    return {name: (table, columns, condition.rstrip(";")) for name, table, columns, condition in found}


def test_both_databases_have_the_same_indexes() -> None:
    """A condition on a flag is written in two ways, and one index is for transactions of PostgreSQL."""
    sqlite, postgres = _read_indexes("sqlite"), _read_indexes("postgresql")
    assert postgres.pop("ix_search_changes_transaction")
    assert postgres == {
        name: (table, columns, re.sub(r"^(\w+) = 0$", r"NOT \1", condition).removesuffix(" = 1"))
        for name, (table, columns, condition) in sqlite.items()
    }


def test_each_foreign_key_has_an_index() -> None:
    """Orphans are deleted: each column that refers to shared rows has an index."""
    shared = {"urls", "paragraphs", "authors", "tags", "link_groups", "captures", "versions", "articles"}
    by_hand = {"urls.site_id"}
    led = {f"{table}.{columns.split(', ')[0]}" for table, columns, _ in _read_indexes("postgresql").values()}
    bare = []
    for table in METADATA.tables.values():
        unique = [each for each in table.constraints if isinstance(each, UniqueConstraint | PrimaryKeyConstraint)]
        led |= {str(next(iter(each.columns))) for each in unique}
        bare += [str(key.parent) for key in table.foreign_keys if key.column.table.name in shared]
    assert set(bare) - led <= by_hand
