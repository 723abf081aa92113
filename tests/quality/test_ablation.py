"""The rules that `make quality ABLATE=1` measures."""

import sys
from collections.abc import Iterator
from importlib import import_module
from re import Pattern
from types import ModuleType

import pytest

from tests.quality.ablation import PACKAGES, RULES, WORLD_SAMPLE, Rule, sample_world


@pytest.fixture
def modules() -> Iterator[list[ModuleType]]:
    """The modules of reading, which are as they were after the test."""
    import_module("newsarchive.extract.page")
    loaded = [module for name, module in sys.modules.items() if name.startswith(PACKAGES)]
    before = [dict(vars(module)) for module in loaded]
    yield loaded
    for module, attributes in zip(loaded, before, strict=True):
        vars(module).update(attributes)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.attribute)
def test_a_disabled_rule_is_called_from_nowhere(modules: list[ModuleType], rule: Rule) -> None:
    original = rule.original
    assert callable(original) or isinstance(original, float | int | Pattern)
    rule.disable()
    # Numbers that are equal may be one object.
    names = {rule.attribute} if isinstance(original, int) else set().union(*map(vars, modules))
    assert not [
        module.__name__
        for module in modules
        if any(each is original for name, each in vars(module).items() if name in names)
    ]


def test_the_sample_is_the_same_each_time_and_has_the_pages_with_annotated_links() -> None:
    world = {f"page-{number}": {"url": ""} for number in range(1061)}
    needed = {"page-3", "page-700"}
    chosen = sample_world(world, needed)
    assert len(chosen) == WORLD_SAMPLE
    assert needed < chosen.keys()
    assert list(chosen) == list(sample_world(world, needed))
