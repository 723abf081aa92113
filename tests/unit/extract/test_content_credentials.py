"""Content Credentials of pictures: found in each container, the signer named, whatever the bytes are."""

import struct
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.extract.content_credentials import describe_credentials

KEY = ec.generate_private_key(ec.SECP256R1())
AT = datetime(2026, 3, 1, tzinfo=UTC)


def certificate(name: str, *, usage: ObjectIdentifier | None = None, is_authority: bool = False) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=KEY.public_key())
        .serial_number(7)
        .not_valid_before(AT)
        .not_valid_after(AT + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a" * 60 + ".example")] * 3), critical=False)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


SIGNER = certificate("Newsroom Camera 7", usage=ExtendedKeyUsageOID.EMAIL_PROTECTION)
BEFORE = certificate("Time", usage=ExtendedKeyUsageOID.TIME_STAMPING) + certificate("Root", is_authority=True)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def store(*certificates: bytes, filler: int = 0) -> bytes:
    """Return a manifest store with a claim of that many bytes, and a signature that has certificates."""
    described = box(b"jumd", b"c2pa" + bytes.fromhex("00110010800000aa00389b71") + b"\x03c2pa\0")
    signature = box(
        b"jumb", box(b"jumd", b"c2cs....\x03c2pa.signature\0") + box(b"cbor", b"\xd2\x84".join(certificates))
    )
    return box(b"jumb", described + box(b"cbor", b"claim" * filler) + signature)


def jpeg(whole: bytes) -> bytes:
    """Return a JPEG file with a store cut into segments, each with the header of its box."""
    parts = [whole[at : at + 65_000] for at in range(0, len(whole), 65_000)]
    segments = [
        b"JP\x02\x11" + struct.pack(">I", number) + (whole[:8] if number > 1 else b"") + part
        for number, part in enumerate(parts, 1)
    ]
    marked = b"".join(b"\xff\xeb" + struct.pack(">H", len(each) + 2) + each for each in segments)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + marked + b"\xff\xda...\xff\xd9"


def png(whole: bytes) -> bytes:
    chunk = struct.pack(">I", len(whole)) + b"caBX" + whole + struct.pack(">I", zlib.crc32(b"caBX" + whole))
    return b"\x89PNG\r\n\x1a\n" + chunk


def webp(whole: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBPC2PA" + struct.pack("<I", len(whole)) + whole


def avif(whole: bytes) -> bytes:
    uuid = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    return box(b"ftyp", b"avif\0\0\0\0") + box(b"uuid", uuid + bytes(4) + b"manifest\0" + bytes(8) + whole)


@pytest.mark.parametrize("wrap", [jpeg, png, webp, avif])
@pytest.mark.parametrize("filler", [0, 40_000])
def test_the_signer_is_named(wrap: object, filler: int) -> None:
    """In each container, also where segments cut the certificate; not a time server, not an authority."""
    assert callable(wrap)
    said = "signed as CN=Newsroom Camera 7; not verified here"
    assert describe_credentials(wrap(store(SIGNER, filler=filler))) == said
    assert describe_credentials(wrap(store(BEFORE, SIGNER, filler=filler))) == said
    assert describe_credentials(wrap(store(BEFORE, filler=filler))) == "present; no signer can be read"


def test_a_certificate_that_is_cut_is_read() -> None:
    """The boundary of two segments goes through it."""
    whole = store(SIGNER, filler=12_950)
    assert whole.index(SIGNER) < 65_000 < whole.index(SIGNER) + len(SIGNER)
    assert describe_credentials(jpeg(whole)).startswith("signed as CN=Newsroom")


def test_pictures_without_credentials_have_none() -> None:
    """Nor has a text that speaks of them."""
    for picture in (b"", jpeg(b"other"), png(b"jumb c2pa"), webp(b""), b"<p>c2pa jumb caBX</p>"):
        assert describe_credentials(picture) == ""


def test_segments_that_overlap_are_read_once() -> None:
    """A picture of a megabyte that repeats the beginning of the longest segment takes no gigabytes of memory."""
    tracemalloc.start()
    try:
        describe_credentials(b"\xff\xd8\xff" + b"\xff\xeb\xff\xffJP\x02\x11\0\0\0\1" * 80_000)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("wrong", ["version", "extension twice", "name of bits"])
def test_a_certificate_that_breaks_the_rules_is_passed_over(wrong: str) -> None:
    """Errors that are no ValueError are none of the reader's."""
    if wrong == "version":
        broken = SIGNER.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09", 1)
    elif wrong == "name of bits":
        broken = SIGNER.replace(b"\x0c\x11Newsroom", b"\x03\x11\0ewsroom")
    else:
        broken = SIGNER.replace(bytes.fromhex("0603551d11"), bytes.fromhex("0603551d13"), 1)
    assert broken != SIGNER
    assert describe_credentials(png(store(broken))) == "present; no signer can be read"


# A damaged certificate may hold names too long, or a serial number of zero.
@pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning", "ignore:Parsed a serial number:UserWarning")
@given(st.data())
def test_any_bytes_can_be_read(data: st.DataObject) -> None:
    """Any damage of a store is an answer, never an error."""
    picture = bytearray(data.draw(st.sampled_from([jpeg, png, webp, avif]))(store(BEFORE, SIGNER)))
    for _ in range(data.draw(st.integers(1, 8))):
        picture[data.draw(st.integers(0, len(picture) - 1))] = data.draw(st.integers(0, 255))
    cut = picture[: data.draw(st.integers(0, len(picture)))]
    assert isinstance(describe_credentials(bytes(cut)), str)
