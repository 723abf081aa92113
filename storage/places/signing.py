"""The key of an archive: Ed25519, in a file that only its owner reads. It signs each link of the chain.

A new key is signed by the one before, kept as signing.key.old; the next link replaces a key that was lost.
"""

import hashlib
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.errors import StorageError
from storage.places.folder import write_atomic

KEY_FILE = "signing.key"


def create_key(path: Path) -> Ed25519PrivateKey:
    """Write a new key into a file; the key before is kept beside it, and signs the new one."""
    key, pkcs8 = Ed25519PrivateKey.generate(), serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
    with suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.old"))
    write_atomic(path, pem, mode=0o600)
    return key


def load_signers(path: Path, public: str) -> tuple[Ed25519PrivateKey, Ed25519PrivateKey | None]:
    """Return the key of a file, a new one if there is none, and the key before it, if `public` is its public key."""
    old = _load_key(path.with_name(f"{path.name}.old"))
    return _load_key(path) or create_key(path), old if old and public_hex(old) == public else None


def _load_key(path: Path) -> Ed25519PrivateKey | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        return None
    except ValueError:
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise StorageError.create("bad-key", path=path)


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public key, 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def is_signed(data: bytes, signature: str, public: str) -> bool:
    """Return whether a signature in hexadecimal digits is that of a public key."""
    with suppress(InvalidSignature, ValueError):
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
        return True
    return False


def sign_package(path: Path | None, data: bytes) -> dict[str, str]:
    """Return signature and public key by wacz-auth: ECDSA P-384, derived from the archive's key; {} without one."""
    key = _load_key(path) if path else None
    if key is None:
        return {}
    derived = hashlib.sha512(b"wacz-auth" + key.private_bytes_raw()).digest()[:47]
    own = ec.derive_private_key(int.from_bytes(derived) + 1, ec.SECP384R1())
    both = utils.decode_dss_signature(own.sign(data, ec.ECDSA(hashes.SHA256())))
    public = own.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    signature = b"".join(number.to_bytes(48) for number in both)
    return {"signature": b64encode(signature).decode(), "publicKey": b64encode(public).decode()}
