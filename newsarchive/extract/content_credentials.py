"""Find the Content Credentials (C2PA) of a picture, and name their signer. Nothing is verified."""

import re
from contextlib import suppress

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

_CERTIFICATES = 64  # places in a manifest store that are tried as the beginning of a certificate
# JPEG cuts the store into segments APP11 (JPEG XT); in PNG, WebP, MP4 and AVIF it is whole.
_SEGMENT = re.compile(rb"\xff\xeb(..)JP..(....)", re.DOTALL)
_STORE = re.compile(rb"jumb....jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71", re.DOTALL)
_DER = re.compile(rb"\x30\x82(..)(?=\x30\x82)", re.DOTALL)
_UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


def describe_credentials(picture: bytes) -> str:
    """Return a sentence on the Content Credentials of a picture; "" if it has none."""
    if picture.startswith(b"\xff\xd8\xff"):
        pieces, at = [], 0
        while part := _SEGMENT.search(picture, at):
            at = max(part.end(), part.start() + 2 + int.from_bytes(part[1]))
            # Each segment but the first repeats the header of the box that it continues.
            pieces.append(picture[part.end() + 8 * (part[2] != b"\0\0\0\1") : at])
        picture = b"".join(pieces)
    if not _STORE.search(picture):
        return ""
    # The last manifest is the active one.
    signature = picture[picture.rfind(b"c2pa.signature") :]
    for found, _ in zip(_DER.finditer(signature), range(_CERTIFICATES), strict=False):
        with suppress(*_UNREADABLE):
            end = found.end() + int.from_bytes(found[1])
            certificate = x509.load_der_x509_certificate(signature[found.start() : end])
            extensions = [each.value for each in certificate.extensions]
            usages = [usage for each in extensions if isinstance(each, x509.ExtendedKeyUsage) for usage in each]
            is_authority = any(isinstance(each, x509.BasicConstraints) and each.ca for each in extensions)
            # Certificates of authorities and time servers may stand before the signer's.
            if not is_authority and ExtendedKeyUsageOID.TIME_STAMPING not in usages:
                return f"signed as {certificate.subject.rfc4514_string()}; not verified here"
    return "present; no signer can be read"
