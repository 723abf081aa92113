"""The forms of responses on the wire that clients are tested on: bytes, and what happens to the connection."""

import gzip
import zlib

BODY = b"<html><body>" + b"<p>hello \xc3\xa9 world</p>" * 2000 + b"</body></html>"
GZIP = gzip.compress(BODY, mtime=0)
OK = b"HTTP/1.1 200 OK\r\n"


def chunked(body: bytes, size: int = 4000, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%X%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
    return framed + b"0\r\n" + trailers + b"\r\n"


def sized(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


WHOLE: dict[str, tuple[bytes, str]] = {
    "plain": (sized(OK + b"sErVeR: Weird/1.0\r\nX-b: 2\r\nx-A: 1\r\nX-b: 1\r\nSET-cookie: a=1\r\n", BODY), "keep"),
    "cookies": (sized(OK + b"Set-Cookie: a=1\r\nset-cookie: b=2\r\nSet-Cookie: a=3\r\n", b"x"), "keep"),
    "gzip": (sized(OK + b"CONTENT-encoding: gzip\r\n", GZIP), "keep"),
    "deflate": (sized(OK + b"Content-Encoding: deflate\r\n", zlib.compress(BODY)), "keep"),
    "chunked": (OK + b"transfer-encoding: chunked\r\n\r\n" + chunked(BODY), "keep"),
    "chunked-odd": (
        OK + b"Transfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n" + chunked(GZIP, 777, b';a="b"', b"X-Sum: abc\r\n"),
        "keep",
    ),
    "redirect": (sized(b"HTTP/1.1 301 Moved\r\nlocation: /plain\r\n", b"moved"), "keep"),
    "http10": (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + BODY, "close"),
    "no-length": (OK + b"Connection: close\r\n\r\n" + BODY, "close"),
    "no-close-notify": (OK + b"Connection: close\r\n\r\n" + BODY, "end"),
    "304": (b'HTTP/1.1 304 Not Modified\r\netag: "x"\r\nContent-Length: 5000\r\n\r\n', "keep"),
    "204": (b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "keep"),
    "empty-body": (OK + b"Content-Length: 0\r\n\r\n", "keep"),
    "early-hints": (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + sized(OK, BODY), "keep"),
    "folded": (sized(OK + b"X-Folded: a\r\n  b\r\n", b"abc"), "keep"),
    "no-colon": (sized(OK + b"this line has no colon\r\n", b"abc"), "keep"),
    "line-feeds": (b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "keep"),
    "latin-1": (sized(OK + b"X-Name: caf\xe9 \xff\r\nX-trail:   spaced   \r\n", b"abc"), "keep"),
    "no-reason": (sized(b"HTTP/1.1 200\r\n", b"abc"), "keep"),
    "long-header": (sized(OK + b"Content-Security-Policy: " + b"x" * 100_000 + b"\r\n", b"abc"), "keep"),
    "blanks-in-chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n3  \r\nabc\r\n 2\t;x\r\nde\r\n0 \r\n\r\n", "keep"),
    "line-feeds-in-chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n2;\xe9\nde\n0\nX: y\n\n", "keep"),
    "gzip-and-chunked": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunked(GZIP), "keep"),
    "nonsense-length": (OK + b"Content-Length: many\r\nConnection: close\r\n\r\n" + BODY, "close"),
    "negative-length": (OK + b"Content-Length: -1\r\n\r\n" + BODY, "close"),
    "lower-case": (sized(b"http/1.1 200 ok\r\n", b"abc"), "keep"),
    "lower-case-until-close": (b"http/1.1 200 ok\r\n\r\n" + BODY, "close"),
    "version-without-minor": (sized(b"HTTP/2 200\r\n", b"abc"), "keep"),
    "identity": (OK + b"Transfer-Encoding: identity\r\nConnection: close\r\n\r\n" + BODY, "close"),
    "blanks-in-status": (sized(b"HTTP/1.1   200   OK\r\n", b"abc"), "keep"),
    "blank-before-colon": (OK + b"Server : x\r\nContent-Length : 3\r\n\r\nabc", "keep"),
    "odd-names": (sized(OK + b"X\x80 (y): a\r\n: b\r\n", b"abc"), "keep"),
    "500": (sized(b"HTTP/1.1 500 Oops\r\n", b"oops"), "keep"),
}
CUT: dict[str, tuple[bytes, str, str]] = {
    "cut-body": (OK + b"Content-Length: 9000\r\n\r\n" + BODY[:5000], "close", "disconnect"),
    "cut-chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY)[:9000], "close", "disconnect"),
    "cut-head": (b"HTTP/1.1 200 OK\r\nContent-Ty", "close", "disconnect"),
    "reset-until-close": (OK + b"Connection: close\r\n\r\n" + BODY, "reset", "disconnect"),
    "slow": (OK + b"Content-Length: 9000\r\n\r\n" + BODY[:3000], "hang", "time"),
    "no-http": (b"SSH-2.0-OpenSSH_9.6\r\n", "hang", "unspecified"),
    "unknown-coding": (OK + b"Transfer-Encoding: zip\r\n\r\nabc", "hang", "unspecified"),
    "bad-chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc", "hang", "unspecified"),
}
