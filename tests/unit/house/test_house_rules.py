"""Rules of the code that no linter checks."""

import ast
import re
import tomllib
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from benchmarks.house import LONGEST_MODULE, SHORTEST_MODULE, list_modules, measure_house, parse_module
from newsarchive.version import VERSION

ROOT = Path(__file__).parents[3]

MIGRATIONS = "storage/index/schema/migrations/versions/"
MODULES = [path for path in list_modules() if MIGRATIONS not in path.as_posix()]
"""All but migrations, which are written once and never changed."""
FORBIDDEN = {"utils", "util", "helpers", "helper", "manager", "managers", "handlers", "common", "misc"}
LONG_MODULES = {"storage/index/schema/tables.py": "all tables of the schema"}
SHORT_MODULES = {
    "newsarchive/cli/replay.py": "a command",
    "newsarchive/settings.py": "where Scrapy looks for its settings",
    "newsarchive/version.py": "where the build reads the version",
    "newsarchive/web/static_files.py": "a route",
    "storage/callbacks.py": "types of callbacks, below all that take them",
    "storage/grouping.py": "loops that many modules had, below all of them",
    "storage/index/schema/migrations/env.py": "where Alembic looks for it",
    "storage/pickling.py": "a decorator, below model.py and extract/",
}
"""Modules under 40 lines, with the reason; demo/, __init__ and __main__ need none."""


def _path(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


def test_each_figure_is_within_its_limit() -> None:
    """`make house` prints them, with what counts against each."""
    assert [f"{figure}: {figure.found[:5]}" for figure in measure_house() if not figure.is_within] == []


def test_a_long_module_has_a_reason() -> None:
    """No module over 600 lines, the schema's tables excepted."""
    lines = {_path(module): len(module.read_text("utf-8").splitlines()) for module in MODULES}
    assert [name for name, count in lines.items() if count > LONGEST_MODULE and name not in LONG_MODULES] == []


def test_a_short_module_has_a_reason() -> None:
    """Each module under 40 lines is in the table with its reason, and the table has no others."""
    short = {
        _path(module)
        for module in MODULES
        if len(module.read_text("utf-8").splitlines()) < SHORTEST_MODULE
        and module.stem not in ("__init__", "__main__")
        and not _path(module).startswith("newsarchive/demo/")
    }
    assert short == SHORT_MODULES.keys()
    assert len(short) <= 15


def test_no_module_is_named_utils() -> None:
    """No module is named utils, helpers, common and the like."""
    assert [_path(module) for module in MODULES if module.stem in FORBIDDEN] == []


def test_functions_have_at_most_sixty_lines() -> None:
    """Nine of ten functions have fewer than thirty lines."""
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for module in MODULES
        for node in ast.walk(parse_module(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * 0.9)] < 30


def test_every_module_says_what_it_is() -> None:
    """Each has a docstring."""
    assert [str(path) for path in MODULES if not ast.get_docstring(parse_module(path))] == []


def test_test_files_have_names_of_their_own() -> None:
    """Tests are in no packages, so that two files of one name would be one module."""
    names = [path.stem for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_a_single_version_has_no_changes() -> None:
    """The version is defined in one place, and the citation has it."""
    assert f"version: {VERSION}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dynamic"] == ["version"]


LOCKS = {"run": (), "extras": ("cluster", "dask", "parquet", "pictures", "postgres", "render", "s3"), "dev": None}
"""Lock files with the extras of the project that they have; dev has all, and the dependency groups too."""


def _read_lock(name: str) -> dict[str, frozenset[str]]:
    """Return the packages of a lock file with their extras."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    found = re.findall(r"^([a-z0-9-]+)(?:\[([a-z0-9, -]+)\])?==[^\\]*\\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(found) == len(re.findall(r"^[a-z0-9-]+(?:\[.*\])?==", text, re.MULTILINE)), "a pin without a hash"
    packages: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for package, extras in found:
        packages[package] |= frozenset(filter(None, extras.replace(" ", "").split(",")))
    return packages


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(lock: str) -> list[Requirement]:
    """Return what pyproject.toml asks a lock file for, in this environment."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    extras = LOCKS[lock]
    lines = [*project["dependencies"]]
    for extra, needed in project["optional-dependencies"].items():
        lines += needed if extras is None or extra in extras else []
    for group in groups if lock == "dev" else ("build",) if lock == "run" else ():
        lines += [line for line in groups[group] if isinstance(line, str)]
    return [each for each in map(Requirement, lines) if each.marker is None or each.marker.evaluate()]


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_has_what_the_project_needs(lock: str) -> None:
    """Each requirement of pyproject.toml is in the lock files for it, with its extras and with hashes."""
    locked = _read_lock(lock)
    needed = {_normalized(each.name): frozenset(map(_normalized, each.extras)) for each in _requirements(lock)}
    assert needed.keys() - locked.keys() == set()
    assert {name: extras - locked[name] for name, extras in needed.items() if extras - locked[name]} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_has_the_extras_that_packages_ask_for(lock: str) -> None:
    """In hash mode pip looks up `name[extra]` apart from `name`, and refuses it if the lock has `name` only."""
    locked = _read_lock(lock)
    missing = set()
    for package, extras in locked.items():
        try:
            lines = metadata.requires(package) or []
        except metadata.PackageNotFoundError:
            continue  # of another Python or system
        for each in map(Requirement, lines):
            is_needed = each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in {"", *extras})
            if each.extras and is_needed and not set(map(_normalized, each.extras)) <= locked[_normalized(each.name)]:
                missing.add(f"{package} needs {each}")
    assert missing == set()


def test_the_installer_is_pinned() -> None:
    """requirements/pip.txt has pip and nothing else, with hashes."""
    assert _read_lock("pip").keys() == {"pip"}
