import base64
import hashlib

import pytest

from newsarchive.web.middleware.auth import Authenticator, create_token, hash_secret, hash_token, verify_secret

FEED = hash_token("t0ken")


@pytest.fixture(scope="module")
def ada() -> str:
    """The hash of a password, as newsarchive.toml has it."""
    return hash_secret("open sesame")


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def authenticator(ada: str) -> Authenticator:
    return Authenticator({"ada": ada}, {"feed": FEED})


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


def test_a_wrong_token_costs_no_slow_hash(monkeypatch: pytest.MonkeyPatch, ada: str) -> None:
    """However many tokens there are, a wrong one is looked up once: no scrypt is computed."""
    slow: list[bytes] = []
    monkeypatch.setattr(hashlib, "scrypt", lambda secret, **_: slow.append(secret))
    tokens = [create_token() for _ in range(12)]
    many = Authenticator({"ada": ada}, {f"program {n}": kept for n, (_, kept) in enumerate(tokens)})
    assert many.authenticate("Bearer wrong") is None
    assert many.authenticate(f"Bearer {tokens[7][0]}") == "program 7"
    assert not slow


def test_a_wrong_password_costs_one_slow_hash(monkeypatch: pytest.MonkeyPatch, ada: str) -> None:
    """However many users there are, and whether the name is one of them or not."""
    slow: list[bytes] = []

    def scrypt(secret: bytes, **_: object) -> bytes:
        slow.append(secret)
        return b""

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    many = Authenticator({f"user {n}": ada for n in range(12)}, {})
    assert many.authenticate(basic("user 3", "wrong")) is None
    assert many.authenticate(basic("nobody", "wrong")) is None
    assert slow == [b"wrong", b"wrong"]
