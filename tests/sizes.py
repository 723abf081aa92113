"""Sizes of tests: a few examples in the fast suite, all of them in the slow one."""

from typing import Any

import pytest


def few_and_all(few: Any, all_: Any) -> list[Any]:
    """Return the values of a parametrization: one for the fast suite, and the full one for the slow suite."""
    return [pytest.param(few, id="few"), pytest.param(all_, id="all", marks=pytest.mark.slow)]
