"""Mutants of the product code: each is valid Python that differs from its source in one place."""

import ast

from benchmarks.mutants import choose_mutants, find_mutants

SOURCE = b'''"""Not changed: a docstring with 1 < 2."""

from limits import DAY, HOUR

FIXED = 3


@cached(size=5)
def f(items: "list[int]" = (), \xc3\xbc: bool = True) -> "int":
    """Nor this one: not 1."""
    LOG.warning("nor this", 4)
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
