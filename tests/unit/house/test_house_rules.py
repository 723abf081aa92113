"""Rules of the house that no linter knows."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsarchive.version import VERSION
from storage import errors

ROOT = Path(__file__).parents[3]
OURS = ("storage", "newsarchive", "spiders")
MIGRATIONS = "storage/index/schema/migrations/versions/"
MODULES = sorted(path for name in OURS for path in (ROOT / name).rglob("*.py") if MIGRATIONS not in path.as_posix())
"""All but migrations, which are made once and never read again."""
ON_ONE_PAGE = {
    "storage/model.py": "all nouns of the archive",
    "storage/index/schema/tables.py": "all tables of the schema",
}
"""Modules whose worth is that all of their kind stand together."""
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
FORBIDDEN = {"utils", "util", "helpers", "helper", "manager", "managers", "handlers", "common", "misc"}


def functions(module: Path) -> Iterator[tuple[str, int]]:
    """Names and lengths of a module's functions."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_noun(module: Path) -> None:
    """No module over 400 lines, no function over 60, and none called for what it is not."""
    if module.relative_to(ROOT).as_posix() not in ON_ONE_PAGE:
        assert len(module.read_text("utf-8").splitlines()) <= LONGEST_MODULE
    assert [name for name, length in functions(module) if length > LONGEST_FUNCTION] == []
    assert module.stem not in FORBIDDEN


def test_functions_fit_a_screen() -> None:
    """Nine of ten functions have fewer than thirty lines."""
    lengths = sorted(length for module in MODULES for _, length in functions(module))
    assert lengths[int(len(lengths) * 0.9)] < 30


def test_every_module_says_what_it_is() -> None:
    """Each has a docstring."""
    assert [str(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_test_files_have_names_of_their_own() -> None:
    """Tests lie in no packages, so two files of one name would be one module."""
    names = [path.stem for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_one_version() -> None:
    """The version stands in one place, and the citation has it."""
    assert f"version: {VERSION}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dynamic"] == ["version"]


def test_the_error_tree_is_drawn_as_it_is() -> None:
    """The drawing at the top of storage/errors.py has each class with its exit code and its parent."""
    drawn: dict[str, tuple[str | None, str | None]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:\|   )*)(\|-- )?([A-Z]\w+)\s+(\d+)?", line):
            depth = len(found[1]) // 4 + bool(found[2])
            above[depth:] = [found[3]]
            drawn[found[3]] = (above[depth - 1] if depth else None, found[4])
    tree: dict[str, tuple[str | None, str | None]] = {}
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.ArchiveError):
            is_root = kind is errors.ArchiveError
            tree[name] = (None, None) if is_root else (kind.__mro__[1].__name__, str(kind.exit_code))
    assert drawn == tree


def test_the_lock_has_what_the_project_needs() -> None:
    """Each requirement of pyproject.toml is in both lock files, with hashes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    for lock in ("run", "dev"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
        locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", text, re.MULTILINE))
        names = {(re.match(r"[a-z0-9-]+", line) or [""])[0] for line in wanted}
        assert names - locked == set()
        assert "--hash=sha256:" in text
