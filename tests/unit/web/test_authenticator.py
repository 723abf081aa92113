import base64

import pytest

from newsarchive.web.middleware.auth import Authenticator, hash_secret, verify_secret

ADA, FEED = hash_secret("open sesame"), hash_secret("t0ken")


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator({"ada": ADA}, {"feed": FEED})


@pytest.mark.parametrize(
    ("header", "user"),
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
def test_only_valid_credentials_authenticate(authenticator: Authenticator, header: str, user: str | None) -> None:
    """Passwords are for Basic and tokens for Bearer; neither is accepted in place of the other."""
    assert authenticator.authenticate(header) == user
    assert authenticator.cached_user(header) == user


def test_only_checked_credentials_are_cached(authenticator: Authenticator) -> None:
    """Credentials that were not checked yet are unknown."""
    assert authenticator.cached_user(basic("ada", "open sesame")) is None


@pytest.mark.parametrize(
    "stored", ["", "scrypt:", "scrypt:14:8:5:@@:@@", "plain", "scrypt:a:b:c:d:e", "scrypt:14:8:5::"]
)
def test_an_invalid_hash_authenticates_nobody(stored: str) -> None:
    """A malformed hash in newsarchive.toml matches no secret."""
    assert not verify_secret("", stored)
    assert not verify_secret("x", stored)


def test_hashes_are_salted() -> None:
    """The same password has a different hash each time."""
    assert hash_secret("a") != hash_secret("a")
    assert hash_secret("a", b"salt") == hash_secret("a", b"salt")
