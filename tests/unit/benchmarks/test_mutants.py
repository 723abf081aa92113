"""Mutants of the product code: each is valid Python that differs from its source in one place."""

import ast
from pathlib import Path

import pytest

from benchmarks.mutants import Checkout, Mutant, append_verdict, choose_mutants, find_mutants, load_verdicts

SOURCE = b'''"""Not changed: a docstring with 1 < 2."""

from limits import DAY, HOUR

FIXED = 3


@cached(size=5)
def f(items: "list[int]" = (), \xc3\xbc: bool = True) -> "int":
    """Nor this one: not 1."""
    LOG.warning("nor this", 4)
    column = Column("nor this", no_wrap=True)
    assert items != 7
    if not items and \xc3\xbc < len(f"{items[1]}") or DAY:
        items.clear()
    return items[0]
'''


def test_each_kind_of_mutant_is_found_once() -> None:
    """Only function bodies are changed; not docstrings, annotations, decorators, f-strings, assertions or logging."""
    found = {mutant.apply(SOURCE).decode() for mutant in find_mutants("f.py", SOURCE)}
    text = SOURCE.decode()
    assert found == {
        text.replace("if not items and", "if (items) and"),
        text.replace("items and", "items or"),
        text.replace("< len", "<= len"),
        text.replace(" or DAY", " and DAY"),
        text.replace("or DAY:", "or HOUR:"),
        text.replace("        items.clear()", "        pass"),
        text.replace("return items[0]", "return items[1]"),
    }


def test_mutants_are_chosen_by_the_seed_and_are_valid() -> None:
    """The same seed chooses the same mutants of a folder."""
    chosen = choose_mutants(40, seed=7, below="newsarchive/schedule")
    assert chosen == choose_mutants(40, seed=7, below="newsarchive/schedule")
    assert len({(mutant.path, mutant.start, mutant.replacement) for mutant in chosen}) == 40


def test_a_mutant_parses() -> None:
    """A mutant that is no Python would be detected by any test."""
    for mutant in find_mutants("f.py", SOURCE):
        ast.parse(mutant.apply(SOURCE))


@pytest.mark.slow
def test_only_a_failure_that_the_mutant_causes_detects_it(tmp_path: Path) -> None:
    """A test that fails anyway is left out; verdicts survive the end of the program."""
    (tmp_path / "module.py").write_text("def f():\n    return [1, 2][0]\n")
    (tmp_path / "test_broken.py").write_text("def test_that_fails():\n    assert False\n")
    (tmp_path / "test_module.py").write_text("from module import f\n\n\ndef test_f():\n    assert f() == 1\n")
    source = (tmp_path / "module.py").read_bytes()
    start = source.rindex(b"0")
    mutant = Mutant(path="module.py", line=2, kind="off by one", start=start, end=start + 1, replacement="1")
    verdict = Checkout(tmp_path, seconds=120).test(mutant, ["test_broken.py", "test_module.py"])
    assert (verdict.detected_by, verdict.description) == ("test_module.py", "module.py:2 off by one: 0 -> 1")
    assert (tmp_path / "module.py").read_bytes() == source
    append_verdict(tmp_path / "results.jsonl", verdict)
    assert load_verdicts(tmp_path / "results.jsonl") == [verdict]
