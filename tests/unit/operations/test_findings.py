"""The texts of findings, and the facts that the checks fill into them."""

import ast
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from string import Formatter

import pytest

from newsarchive.operations import doctor, health
from storage.model import Outcome

FOLDER = files("newsarchive.operations")
TEXTS = tomllib.loads(FOLDER.joinpath("findings.toml").read_text("utf-8"))
ANSWERS = TEXTS.pop("answers")
SOURCE_STATES = [f"source-{state}" for state in sorted(health.UNHEALTHY)]


def called_names(argument: ast.expr) -> list[str]:
    """Return the names of findings that an argument may be."""
    if isinstance(argument, ast.IfExp):
        return [*called_names(argument.body), *called_names(argument.orelse)]
    if isinstance(argument, ast.Name):
        return [getattr(health, argument.id)]
    return [str(argument.value)] if isinstance(argument, ast.Constant) else SOURCE_STATES


def reported_findings() -> Iterator[tuple[str, set[str]]]:
    """Yield the name and the facts of each call that makes a finding."""
    for module in (doctor, health):
        for call in ast.walk(ast.parse(FOLDER.joinpath(f"{module.__name__.rpartition('.')[2]}.py").read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"make_finding", "finding"}:
                facts = {keyword.arg for keyword in call.keywords if keyword.arg}
                for name in called_names(call.args[0]):
                    yield name, facts


@pytest.mark.parametrize(("name", "facts"), list(reported_findings()))
def test_a_finding_is_given_the_facts_of_its_texts(name: str, facts: set[str]) -> None:
    """No text names a fact that the check does not give, so that none fails when it is needed."""
    parts = [part for key in ("sentence", "meaning", "command") for part in Formatter().parse(TEXTS[name].get(key, ""))]
    assert {field.partition(".")[0] for _, field, _, _ in parts if field} <= facts | {"site"}


def test_every_text_is_of_a_finding() -> None:
    """The file has no texts that no check reports."""
    assert set(TEXTS) == {name for name, _ in reported_findings()}


def test_every_answer_is_an_outcome() -> None:
    """A misspelt one would be described as "a page that is no article"."""
    assert set(ANSWERS) <= {outcome.value for outcome in Outcome}
