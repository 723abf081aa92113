"""Make the pages of docs/ that come from the code: settings.md, exit-codes.md, schema.md, commands.md.

With --check nothing is written, and the exit code tells whether a page is out of date.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from inspect import getdoc
from pathlib import Path

from sqlalchemy import Table, UniqueConstraint

from newsarchive.cli import app
from newsarchive.config.schema import SERVE_SETTINGS, SETTINGS, SITE_SETTINGS, ConfigSetting
from newsarchive.config.toml_file import to_toml
from storage.errors import ArchiveError
from storage.index.schema.tables import Base

DOCS = Path(__file__).parent
NOTE = "<!-- Made by docs/make.py from the code: change it there, then run `make docs`. -->"


def settings() -> str:
    """docs/settings.md, from the table in newsarchive/config/schema.py."""
    return _page(
        "Settings",
        "All settings stand in `newsarchive.toml` in the archive's folder. What is not there has its default. An"
        " unknown name or a wrong value is an error that tells the line; nothing is done then.",
        "Times are written `30s`, `10m`, `1h30m`, `7d`, `2w`; sizes `500kB`, `64MB`, `1GB` (powers of ten). Relative"
        " paths start at the archive's folder, addresses of a site may start at its front page (`/rss.xml`).",
        "A PostgreSQL password belongs into `~/.pgpass` or `PGPASSWORD`, not into this file.",
        "## The archive",
        "At the top of the file, above the first `[[site]]`.",
        _settings_table(SETTINGS),
        "## The browser",
        "Below `[serve]`: how `newsarchive serve` shows the archive.",
        _settings_table(SERVE_SETTINGS),
        "## A site",
        "Below `[[site]]`, once for each site. `newsarchive add URL` writes one with what it found.",
        _settings_table(SITE_SETTINGS),
        "How the site's pages are built can be said below `[[site.layout]]`: [reading.md](reading.md). Its pages"
        " are then read exactly, and for a third less of the processor's time.",
    )


def _settings_table(settings: Iterable[ConfigSetting]) -> str:
    rows = ["| Name | Default | Type | Meaning |", "| --- | --- | --- | --- |"]
    for each in settings:
        default = "must be given" if each.required else "" if each.default is None else f"`{to_toml(each.default)}`"
        rows.append(f"| `{each.name}` | {default} | {each.value_type.name} | {_cell(each.meaning)} |")
    return "\n".join(rows)


def exit_codes() -> str:
    """docs/exit-codes.md, from the error tree and the command line's own codes."""
    rows = ["| Code | Name | Meaning |", "| --- | --- | --- |"]
    rows += ["| 0 | | Done; nothing is wrong |"]
    rows += [
        "| 1 | | `verify`, `doctor` or `crawl` found something wrong and said what; or a mistake of newsarchive's own |"
    ]
    rows += ["| 2 | usage | The words of the command line are wrong |"]
    for error in sorted(_tree(ArchiveError), key=lambda each: (each.exit_code, each.__name__)):
        rows.append(f"| {error.exit_code} | `{error.__name__}` | {_cell((getdoc(error) or '').splitlines()[0])} |")
    rows += [f"| {app.INTERRUPTED} | | Ctrl-C: stopped in good order |"]
    rows += [f"| {app.BROKEN_PIPE} | | The program that was to read the output went away, as `head` does |"]
    return _page(
        "Exit codes",
        "What a script or cron can tell from the exit code. Codes from 64 on are those of sysexits.h. With every error"
        " a sentence on standard error says what happened, what it means for the archive, and the next command.",
        "\n".join(rows),
        "75 is no failure: a second crawl of a site began while the first one still ran. Under cron, let it pass:",
        "```sh\nnewsarchive crawl || [ $? -eq 75 ]\n```",
        "A crawl or a worker that shares its index with other machines also ends with 75, or by SIGALRM (142 in a "
        "shell), where it can no longer be sure that its sites are its own ([cluster](cluster.md)): nothing is lost, "
        "and it is to be started again.",
    )


def _tree(error: type[ArchiveError]) -> Iterator[type[ArchiveError]]:
    """The leaves and branches below the root; the root's own code, 1, has its row already."""
    for below in error.__subclasses__():
        if below.__module__ == ArchiveError.__module__:  # finer kinds elsewhere end with their parent's code
            yield below
            yield from _tree(below)


def schema() -> str:
    """docs/schema.md, from the models in storage/index/schema/tables.py."""
    tables = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
    return _page(
        "The SQL index",
        "Everything here can be made again from the WARC files with `newsarchive rebuild`, so read it with any tool,"
        " and join it with tables of your own. Ids are surrogates: they may change with a rebuild; URLs, digests and"
        " record ids do not. Times are UTC.",
        "## Drawing",
        _drawing(tables),
        *(_table(table) for table in tables),
    )


def _drawing(tables: Iterable[Table]) -> str:
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            many = "||--o|" if key.parent.primary_key and len(table.primary_key) == 1 else "||--o{"
            lines.append(f"    {key.column.table.name} {many} {table.name} : {key.parent.name}")
    return "\n".join([*lines, "```"])


def _table(table: Table) -> str:
    rows = [
        f"## {table.name}",
        "",
        table.comment or "",
        "",
        "| Column | Type | | Meaning |",
        "| --- | --- | --- | --- |",
    ]
    for column in table.columns:
        facts = ["key"] if column.primary_key else []
        facts += [f"→ {key.column.table.name}.{key.column.name}" for key in column.foreign_keys]
        facts += [] if column.nullable or column.primary_key else ["not null"]
        kind = str(column.type).lower()
        rows.append(f"| `{column.name}` | {kind} | {', '.join(facts)} | {_cell(column.comment or '')} |")
    unique = sorted(
        ", ".join(column.name for column in each.columns)
        for each in table.constraints
        if isinstance(each, UniqueConstraint)
    )
    rows += ["", *(f"Unique: {columns}." for columns in unique)] if unique else []
    return "\n".join(rows)


def commands() -> str:
    """docs/commands.md, from the commands' own help."""
    parts = []
    for entry in app.COMMANDS:
        command = app.load_command(entry.name)
        rows = ["| | |", "| --- | --- |"]
        for each in command.params:
            names = (each.metavar or each.name.upper()) if each.param_type_name == "argument" else ", ".join(each.opts)
            rows.append(f"| `{names}` | {_cell(getattr(each, 'help', None) or '')} |")
        help_text = "\n\n".join(" ".join(block.split("\n")) for block in (command.help or "").split("\n\n"))
        parts.append("\n".join([f"## newsarchive {entry.name}", "", help_text, "", *rows]))
    return _page(
        "Commands",
        "`newsarchive COMMAND --help` says the same. `--archive DIR` or the variable `NEWSARCHIVE_DIR` names the"
        " archive's folder; without them it is the folder you are in.",
        *parts,
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _page(title: str, *blocks: str) -> str:
    return "\n\n".join([f"# {title}", NOTE, *blocks]) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "exit-codes.md": exit_codes,
    "schema.md": schema,
    "commands.md": commands,
}


def main(words: list[str]) -> int:
    """Write the pages, or with --check compare them."""
    stale = [name for name, make in PAGES.items() if _stale(DOCS / name, make())]
    if "--check" in words:
        for name in stale:
            print(f"docs/{name} is out of date; run: make docs")
        return int(bool(stale))
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), "utf-8")
        print(f"wrote docs/{name}")
    return 0


def _stale(file: Path, text: str) -> bool:
    return not file.exists() or file.read_text("utf-8") != text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
