import base64

import pytest

from newsarchive.web.middleware.auth import Keyring, hashed, is_secret

ADA, FEED = hashed("open sesame"), hashed("t0ken")


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring({"ada": ADA}, {"feed": FEED})


@pytest.mark.parametrize(
    ("words", "whose"),
    [
        (basic("ada", "open sesame"), "ada"),
        (basic("ada", "open"), None),
        (basic("bob", "open sesame"), None),
        (basic("ada", ""), None),
        ("Bearer t0ken", "feed"),
        ("bearer t0ken", "feed"),
        ("Bearer open sesame", None),
        ("Basic t0ken", None),
        ("Basic !!!", None),
        ("Digest x", None),
        ("", None),
    ],
)
def test_only_right_words_open(keyring: Keyring, words: str, whose: str | None) -> None:
    """A password is a user's and a token is a program's; neither opens in the other's place."""
    assert keyring.check(words) == whose
    assert keyring.recall(words) == whose


def test_words_are_remembered_only_where_they_were_right(keyring: Keyring) -> None:
    """What was not checked yet is not known."""
    assert keyring.recall(basic("ada", "open sesame")) is None


@pytest.mark.parametrize("kept", ["", "scrypt:", "scrypt:14:8:5:@@:@@", "plain", "scrypt:a:b:c:d:e", "scrypt:14:8:5::"])
def test_a_hash_that_is_none_opens_nothing(kept: str) -> None:
    """What stands in newsarchive.toml may be broken; then nobody comes in by it."""
    assert not is_secret("", kept)
    assert not is_secret("x", kept)


def test_a_hash_says_nothing_of_its_password() -> None:
    """The same password gives another hash each time."""
    assert hashed("a") != hashed("a")
    assert hashed("a", b"salt") == hashed("a", b"salt")
