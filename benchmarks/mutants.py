"""Measure how well the tests detect faults: `make mutants`.

Changes the product code in one place at a time, in a copy of the tree, and runs the nearest tests:

    mutant --> doctests of its module --> tests that import it, unit before integration --> tests of its importers
           --> all other tests of its room: of newsarchive/extract/body.py those in tests/*/extract

A test counts only if it passes without the change. Prints each mutant with the test that failed; exits with 1 if fewer
than 55 of 60 were detected. A surviving mutant is a missing test, or a change that makes no difference.
"""

import argparse
import ast
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from queue import SimpleQueue

from benchmarks.house import ROOT, list_modules

REQUIRED = 55 / 60
"""Share of the mutants that tests have to detect."""
EXCLUDED = ("newsarchive/demo/", "storage/index/schema/migrations/", "newsarchive/replay/launch.py")
SKIPPED_TESTS = frozenset({"house", "quality"})
MAX_TEST_FILES = 12
"""Test files that are run for one mutant before the others of its room, the nearest first."""
_FEW = 3
_OFTEN = 5
"""Mentions of a module's words from which on more do not make a test nearer."""
_LAYOUT = frozenset({"no_wrap", "ratio", "min_width"})
"""Arguments that only tell how a table is fitted to a narrow terminal."""
_LOGGING = re.compile(r"(_?LOG|log|logger|warnings)\.")
_FLIPPED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_OPERATOR = re.compile(rb"not\s+in\b|is\s+not\b|in\b|is\b|[<>]=?|[=!]=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module."""

    path: str
    """Relative to the root."""
    line: int
    kind: str
    start: int
    """Byte offset of the replaced text."""
    end: int
    replacement: str

    def apply(self, source: bytes) -> bytes:
        """Return the changed source."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]

    def describe(self, source: bytes) -> str:
        """Return a line for the report."""
        before = " ".join(source[self.start : self.end].decode().split())
        return f"{self.path}:{self.line} {self.kind}: {before[:60]} -> {self.replacement[:60]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Result of testing one mutant."""

    description: str
    detected_by: str | None
    """Test file that failed; None if the mutant survived."""
    seconds: float


def find_mutants(path: str, source: bytes) -> Iterator[Mutant]:
    """Yield all mutants of a module."""
    tree = ast.parse(source)
    starts = [0, *accumulate(len(line) for line in source.splitlines(keepends=True))]
    siblings = _constant_siblings(tree)
    for node in _mutable_nodes(tree):
        line, begin, end = _span(node, starts)
        for kind, start, stop, replacement in _replacements(node, begin, end, source, starts, siblings):
            yield Mutant(path=path, line=line, kind=kind, start=start, end=stop, replacement=replacement)


def find_function(source: bytes, line: int) -> str:
    """Return the name of the innermost function around a line; "" outside of all."""
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    around = [node for node in functions if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return max(around, key=lambda node: node.lineno).name if around else ""


def _span(node: ast.expr | ast.stmt, starts: Sequence[int]) -> tuple[int, int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.lineno, starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def _mutable_nodes(tree: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    """Yield the nodes of function bodies.

    Not docstrings, annotations, decorators, f-strings, assertions, logging, and how tables are fitted to a terminal.
    """
    waiting: list[ast.AST] = [
        statement
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body[1 if ast.get_docstring(node) else 0 :]
    ]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, ast.JoinedStr | ast.Assert | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.keyword) and node.arg in _LAYOUT:
            continue
        seen.add(id(node))
        if isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or _LOGGING.match(ast.unparse(node))):
            continue
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        waiting += [child for name, child in _children(node) if name not in ("annotation", "returns", "decorator_list")]


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield name, child


def _constant_siblings(tree: ast.Module) -> dict[str, str]:
    """Return for each imported constant another one of the same import."""
    siblings: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names if alias.name.isupper() and not alias.asname]
            siblings.update(zip(names, [*names[1:], *names[:1]], strict=True))
    return {name: other for name, other in siblings.items() if name != other}


def _replacements(
    node: ast.expr | ast.stmt, begin: int, end: int, source: bytes, starts: Sequence[int], siblings: dict[str, str]
) -> Iterator[tuple[str, int, int, str]]:
    match node:
        case ast.Compare(ops=[operator], left=left, comparators=[right]):
            found = _OPERATOR.search(source, _span(left, starts)[2], _span(right, starts)[1])
            if found:
                yield "comparison", found.start(), found.end(), _FLIPPED[type(operator)]
        case ast.BoolOp(op=operator, values=[first, second, *_]):
            word = b"and" if isinstance(operator, ast.And) else b"or"
            at = source.find(word, _span(first, starts)[2], _span(second, starts)[1])
            if at >= 0:
                yield "and/or", at, at + len(word), "or" if word == b"and" else "and"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "dropped not", begin, end, f"({ast.unparse(operand)})"
        case ast.Constant(value=bool() as value):
            yield "constant", begin, end, str(not value)
        case ast.Constant(value=int() as value):
            yield "off by one", begin, end, str(value + 1)
        case ast.Name(id=name, ctx=ast.Load()) if name in siblings:
            yield "constant", begin, end, siblings[name]
        case ast.Expr() | ast.AugAssign():
            yield "removed statement", begin, end, "pass"
        case _:
            pass


class Tests:
    """The test files by module, nearest first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        names = {_module_name(path.relative_to(root)): path.relative_to(root).as_posix() for path in list_modules(root)}
        self._importers: defaultdict[str, set[str]] = defaultdict(set)
        self._texts: dict[str, str] = {}
        for path in [*list_modules(root), *(root / "tests").rglob("test_*.py"), *(root / "tests").rglob("conftest.py")]:
            if not SKIPPED_TESTS.isdisjoint(path.parts):
                continue
            own = path.relative_to(root).as_posix()
            if path.name.startswith("test_"):
                self._texts[own] = path.read_text()
            for name in _imports(path):
                if name in names:
                    self._importers[names[name]].add(own)

    @cache  # noqa: B019 - lives as long as the program
    def near(self, module: str, function: str = "") -> tuple[str, ...]:
        """Return the test files that reach a module by the fewest imports, unit before integration.

        Those that name the function, or run the module by its command, are near, whatever they import.
        """
        found: dict[str, int] = {}
        distance, waiting = {module: 0}, deque([module])
        while waiting:
            current = waiting.popleft()
            for importer in self._importers[current]:
                if importer in distance:
                    continue
                distance[importer] = distance[current] + 1
                if importer.endswith("conftest.py"):
                    folder = Path(importer).parent
                    for test in (self._root / folder).rglob("test_*.py"):
                        found.setdefault(test.relative_to(self._root).as_posix(), distance[importer] + 1)
                elif importer.startswith("tests/"):
                    found[importer] = min(found.get(importer, 99), distance[importer])
                else:
                    waiting.append(importer)

        # The commands that lead to the module, if they are few.
        commands = {Path(each).stem for each, far in distance.items() if "/cli/" in each and far < 3}
        words = [f'"{command}"' for command in commands if len(commands) <= _FEW]
        words += [rf"\b{function}\b" if "_" in function.strip("_") else f'"{function}"'] if function else []
        named = {test for test, text in self._texts.items() if words and re.search("|".join(words), text)}
        found |= {test: min(found.get(test, 2), 2) for test in named}

        subject = [re.compile(rf"\b{word.rstrip('s')}", re.IGNORECASE) for word in Path(module).stem.split("_")]

        def rank(test: str) -> tuple[int, int, bool, str]:
            # A test of the same subject, or one that names the module, is nearer than its imports say.
            path, own = Path(module), Path(test)
            is_named_so = path.stem in own.stem or path.stem.rstrip("s") in own.stem
            affinity = (not set(path.parts[1:-1]).isdisjoint(own.parts[2:-1])) + 2 * is_named_so + (test in named)
            mentions = min(len(word.findall(self._texts.get(test, ""))) for word in subject)
            affinity += mentions > 0
            return found[test] - affinity, -min(mentions, _OFTEN), not test.startswith("tests/unit/"), test

        nearest = sorted(found, key=rank)[:MAX_TEST_FILES]
        return (module, *nearest, *(test for test in self._list_room(module, function) if test not in nearest))

    def _list_room(self, module: str, function: str) -> list[str]:
        """Return the tests of a module's room; first those that mention most words of its and the function's name."""
        parts = Path(module).with_suffix("").parts
        rooms = {parts[1], "_".join(parts[1:3])}
        words = {word for name in (parts[-1], function) for word in name.split("_") if len(word) > _FEW}

        def rank(test: str) -> tuple[int, bool, str]:
            return -sum(word in self._texts[test] for word in words), not test.startswith("tests/unit/"), test

        return sorted((test for test in self._texts if Path(test).parts[2] in rooms), key=rank)


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


class Checkout:
    """A copy of the tree in which mutants are tested."""

    def __init__(self, root: Path, seconds: float) -> None:
        self._root = root
        self._seconds = seconds
        self._baseline: dict[str, bool] = {}

    @classmethod
    def copy(cls, into: Path, seconds: float) -> "Checkout":
        """Copy the tree without version control, environments and caches."""
        ignored = shutil.ignore_patterns(".*", "__pycache__", "dist", "build")
        shutil.copytree(ROOT, into, ignore=ignored, symlinks=True)
        return cls(into, seconds)

    def test(self, mutant: Mutant, tests: Sequence[str]) -> Verdict:
        """Apply a mutant, run its tests until one fails, and restore the module."""
        path = self._root / mutant.path
        source = path.read_bytes()
        began = time.monotonic()
        remaining = list(tests)
        path.write_bytes(mutant.apply(source))
        try:
            while (failed := self._find_failure(remaining)) is not None:
                # What fails without the change too says nothing.
                if self._passes_unchanged(failed, path, source, mutant):
                    break
                remaining.remove(failed)
        finally:
            path.write_bytes(source)
        seconds = time.monotonic() - began
        return Verdict(description=mutant.describe(source), detected_by=failed, seconds=seconds)

    def _passes_unchanged(self, test: str, path: Path, source: bytes, mutant: Mutant) -> bool:
        if test not in self._baseline:
            path.write_bytes(source)
            self._baseline[test] = self._find_failure([test]) is None
            path.write_bytes(mutant.apply(source))
        return self._baseline[test]

    def _find_failure(self, tests: Sequence[str]) -> str | None:
        """Run test files in one process; return the first that fails, or in which a test exceeds the time limit."""
        if not tests:
            return None
        command = [sys.executable, "-m", "pytest", "-vx", "-p", "no:cacheprovider", "-m", "not slow", *tests]
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("COLUMNS", "PYTEST_ADDOPTS", "FORCE_COLOR")
        }
        environment |= {"PYTHONPATH": str(self._root), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        with subprocess.Popen(
            command,
            cwd=self._root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            output = self._read_until_silent(process)
            # 0: passed. 5: no tests collected, as in a module without doctests.
            if process.returncode in {0, 5}:
                return None
        return _last_test_file(output, tests)

    def _read_until_silent(self, process: "subprocess.Popen[bytes]") -> str:
        """Return what pytest printed until it ended; kill it when it has printed nothing for the time limit."""
        assert process.stdout is not None
        printed, chunk = bytearray(), b" "
        try:
            while chunk and select.select([process.stdout], [], [], self._seconds)[0]:
                chunk = os.read(process.stdout.fileno(), 65536)
                printed += chunk
            if not chunk:
                process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # Also what a test run left behind.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return printed.decode(errors="replace")


def _last_test_file(output: str, tests: Sequence[str]) -> str:
    """Return the file of the test that pytest began last; the first file if it began none."""
    begun = [test for line in output.splitlines() for test in tests if line.startswith((f"{test}::", f"ERROR {test}"))]
    return begun[-1] if begun else tests[0]


def choose_mutants(count: int, seed: int, below: str = "") -> list[Mutant]:
    """Return that many mutants of the product code, at random."""
    found = [
        mutant
        for module in list_modules()
        if (path := module.relative_to(ROOT).as_posix()).startswith(below) and not path.startswith(EXCLUDED)
        for mutant in find_mutants(path, module.read_bytes())
    ]
    return random.Random(seed).sample(found, min(count, len(found)))


def run_mutants(mutants: Sequence[Mutant], workers: int, seconds: float, results: Path | None) -> list[Verdict]:
    """Test all mutants but those done, each worker in a copy of its own; records and prints each verdict at once."""
    tests = Tests(ROOT)
    printing = threading.Lock()
    known = {verdict.description: verdict for verdict in load_verdicts(results)}
    with tempfile.TemporaryDirectory(prefix="newsarchive-mutants-") as folder, ThreadPoolExecutor(workers) as pool:
        free: SimpleQueue[Checkout] = SimpleQueue()
        for number in range(workers):
            free.put(Checkout.copy(Path(folder) / str(number), seconds))

        def test(mutant: Mutant) -> Verdict:
            source = (ROOT / mutant.path).read_bytes()
            description = mutant.describe(source)
            if description in known:
                return known[description]
            checkout = free.get()
            try:
                verdict = checkout.test(mutant, tests.near(mutant.path, find_function(source, mutant.line)))
            finally:
                free.put(checkout)
            with printing:
                append_verdict(results, verdict)
                outcome = f"detected by {verdict.detected_by}" if verdict.detected_by else "SURVIVED"
                print(f"{verdict.seconds:5.0f} s  {verdict.description}\n         {outcome}", flush=True)
            return verdict

        return list(pool.map(test, mutants))


def load_verdicts(results: Path | None) -> list[Verdict]:
    """Return the verdicts of a run that was interrupted."""
    if not results or not results.exists():
        return []
    return [Verdict(**json.loads(line)) for line in results.read_text().splitlines()]


def append_verdict(results: Path | None, verdict: Verdict) -> None:
    """Record a verdict, so that an interrupted run can be resumed."""
    if results:
        with results.open("a") as file:
            file.write(json.dumps(asdict(verdict)) + "\n")


def main() -> int:
    """Test mutants and print a summary; exit 1 if too few were detected."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=60, help="number of mutants (60)")
    arguments.add_argument("--seed", type=int, default=1, help="another seed chooses other mutants")
    arguments.add_argument("--below", default="", help="only modules whose path begins so")
    arguments.add_argument("--workers", type=int, default=2, help="mutants tested at once (2)")
    arguments.add_argument("--seconds", type=float, default=120, help="time limit of one test (120)")
    arguments.add_argument("--results", type=Path, help="file of verdicts; those already in it are not tested again")
    options = arguments.parse_args()
    mutants = choose_mutants(options.count, options.seed, options.below)
    verdicts = run_mutants(mutants, options.workers, options.seconds, options.results)
    survivors = [verdict for verdict in verdicts if verdict.detected_by is None]
    print(f"\n{len(verdicts) - len(survivors)} of {len(verdicts)} mutants were detected. Survivors:")
    print(*(f"    {verdict.description}" for verdict in survivors), sep="\n")
    return 0 if len(verdicts) - len(survivors) >= REQUIRED * len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
