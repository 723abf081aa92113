"""SECURITY.md says what is true: each of its sentences names a test that holds it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROTECTED = (ROOT / "SECURITY.md").read_text("utf-8").split("## What newsarchive protects against")[1].split("\n## ")[0]
BULLETS = [" ".join(bullet.split()) for bullet in PROTECTED.split("\n- ")[1:]]


@pytest.fixture(scope="module")
def tests() -> str:
    """All tests as text."""
    return "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("bullet", BULLETS, ids=lambda bullet: bullet.split("**")[1])
def test_each_sentence_on_security_names_its_test(bullet: str, tests: str) -> None:
    """In backticks at its end, and the test exists."""
    for sentence in re.split(r"(?<=[.)]\.) |(?<=\.) (?=[A-Z`])", bullet.split("** ", 1)[1]):
        named = re.findall(r"`(test_\w+)`", sentence)
        assert named, sentence
        for name in named:
            assert f"def {name}(" in tests, name
