"""Measure how the code is named and divided: `make house`.

Prints each figure beside its limit, and with --list what counts against it. `tests/unit/house` holds the limits.
"""

import argparse
import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOPS = ("storage", "newsarchive", "spiders")
LONGEST_MODULE = 600
SHORTEST_MODULE = 40
LONGEST_FUNCTION = 60

_NO_PARTICIPLES = frozenset(
    "feed need seed embed speed shed red exceed proceed succeed breed shred bed sled indeed".split()
)
_IRREGULAR = frozenset(
    "begun bound bought brought built caught chosen come cut given done drawn driven eaten fallen fed felt found "
    "forgotten gone grown heard held hidden hung kept known laid led left lent lost made meant met paid rung said seen "
    "sent shown shut spent spoken stood taken taught thought told torn understood woken worn written".split()
)
_PARTICLES = frozenset(
    "about after around as at away back behind beside beyond by down for from in into off on out over through to "
    "together under up upon with within".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure of the code."""

    name: str
    value: float
    limit: float
    found: tuple[str, ...]
    """What counts against it: `path:line name`."""
    percent: bool = False

    @property
    def is_within(self) -> bool:
        """Return whether the figure keeps its limit."""
        return self.value <= self.limit

    def __str__(self) -> str:
        """Return one line of the table."""
        value = f"{self.value:.1%}" if self.percent else f"{self.value:,.0f}"
        limit = f"{self.limit:.0%}" if self.percent else f"{self.limit:,.0f}"
        return f"{self.name:<72} {value:>8} {limit:>8}{'' if self.is_within else '  over'}"


def measure_house(root: Path = ROOT) -> tuple[Figure, ...]:
    """Return all figures of the product code below a checkout."""
    modules = {path: parse_module(path) for path in list_modules(root)}
    return (
        _participles(root, modules),
        _question_docstrings(root, modules),
        _ambiguous_classes(root, modules),
        _short_modules(root, modules),
        _long_modules(root, modules),
        _long_functions(root, modules),
        _top_modules(root, modules),
        _crowded_rooms(root, modules),
        _product_lines(modules),
    )


def list_modules(root: Path = ROOT) -> tuple[Path, ...]:
    """Return the modules of the product, sorted."""
    return tuple(sorted(path for top in TOPS for path in (root / top).rglob("*.py")))


@cache
def parse_module(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


def is_bare_participle(name: str) -> bool:
    """Return whether a function's name says no action and no thing: `told`, `_held`, `found_in`, `of_site`.

    >>> [is_bare_participle(n) for n in ("told", "_sorted_out", "of_site", "latest_version", "held_articles", "feed")]
    [True, True, True, False, False, False]
    """
    words = name.strip("_").split("_")
    if words[0] == "of":
        return True
    participle = words[0] in _IRREGULAR or (words[0].endswith("ed") and words[0] not in _NO_PARTICIPLES)
    return participle and all(word in _PARTICLES or word == "of" for word in words[1:])


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _participles(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    functions = [(path, node) for path, tree in modules.items() for node in _functions(tree)]
    found = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path, node in functions
        if is_bare_participle(node.name)
    ]
    return Figure(
        name=f"Functions named by a bare participle or of_… (of {len(functions):,})",
        value=len(found) / len(functions),
        limit=0.03,
        found=tuple(found),
        percent=True,
    )


def _question_docstrings(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    count = 0
    found = []
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
                continue
            text = ast.get_docstring(node)
            if text:
                count += 1
                if re.match(r"(What|Whether|Who|Whoever|Whose|Where|Which|How|Tell|Say)\b", text):
                    line = getattr(node, "lineno", 1)
                    found.append(f"{path.relative_to(root)}:{line} {text.splitlines()[0][:90]}")
    return Figure(
        name=f'Docstrings that begin with "What …", "Whether …", "How …" (of {count:,})',
        value=len(found) / count,
        limit=0.01,
        found=tuple(found),
        percent=True,
    )


def _ambiguous_classes(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{path.relative_to(root)}:{node.lineno}")
    found = [f"{name}: {', '.join(at)}" for name, at in sorted(places.items()) if len(at) > 1]
    return Figure(
        name="Public class names that stand for more than one thing", value=len(found), limit=5, found=tuple(found)
    )


def _short_modules(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    demo = root / "newsarchive" / "demo"
    sizes = ((path, len(path.read_text("utf-8").splitlines())) for path in modules)
    found = [
        f"{path.relative_to(root)} {lines}"
        for path, lines in sizes
        if lines < SHORTEST_MODULE and path.stem not in ("__init__", "__main__") and demo not in path.parents
    ]
    return Figure(
        name=f"Modules under {SHORTEST_MODULE} lines, outside demo/", value=len(found), limit=15, found=tuple(found)
    )


def _long_modules(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    sizes = ((path, len(path.read_text("utf-8").splitlines())) for path in modules if "migrations" not in path.parts)
    # The schema is one page on purpose.
    found = [f"{path.relative_to(root)} {n}" for path, n in sizes if n > LONGEST_MODULE and path.stem != "tables"]
    return Figure(name=f"Modules over {LONGEST_MODULE} lines", value=len(found), limit=0, found=tuple(found))


def _long_functions(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    found = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path, tree in modules.items()
        if "migrations" not in path.parts
        for node in _functions(tree)
        if (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    return Figure(name=f"Functions over {LONGEST_FUNCTION} lines", value=len(found), limit=0, found=tuple(found))


def _top_modules(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    found = [str(path.relative_to(root)) for path in modules if path.parent == root / "newsarchive"]
    return Figure(name="Modules at the top of newsarchive/", value=len(found), limit=6, found=tuple(found))


def _crowded_rooms(root: Path, modules: dict[Path, ast.Module]) -> Figure:
    index = root / "storage" / "index"
    rooms = Counter(path.parent for path in modules if index in path.parents and path.stem != "__init__")
    found = [f"{room.relative_to(root)} {count}" for room, count in rooms.items() if count > 12]
    return Figure(
        name="Modules in the fullest folder of storage/index/", value=max(rooms.values()), limit=12, found=tuple(found)
    )


def _product_lines(modules: dict[Path, ast.Module]) -> Figure:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in modules)
    return Figure(name="Lines of product code", value=lines, limit=58_000, found=())


def main() -> int:
    """Print the table; exit 1 where a figure is over its limit."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--list", action="store_true", help="print what counts against each figure")
    arguments.add_argument("--below", default="", help="with --list: only paths that begin so")
    options = arguments.parse_args()
    figures = measure_house()
    print(f"{'':<72} {'today':>8} {'limit':>8}")
    for figure in figures:
        print(figure)
        if options.list:
            print(*(f"    {line}" for line in figure.found if options.below in line), sep="\n")
    return 0 if all(figure.is_within for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
