"""Twisted's parser of answers, for servers as they are."""

# Twisted calls methods like lineReceived, and is typed in parts only.
# ruff: noqa: N802
# mypy: disallow-untyped-calls=False

import re

from twisted.web._newclient import HEADER, STATUS, HTTPClientParser

LINE_LENGTH = 262_144
"""Bytes in one header line. Twisted's own 16,384 are less than some sites' Content-Security-Policy has."""
FOLDED = (b" ", b"\t")
"""What a line begins with that goes on with the one before."""

_HEAD = re.compile(
    rb"(HTTP/1\.[01] [2-9]\d\d(?: [^\r\n]*+)?)\r\n"  # status line
    rb"((?:[\w!#$%&'*+.^`|~-]++:[^\r\n]*+\r\n)*+)\r\n"  # header lines
)
"""The whole head of a final answer by the letter of RFC 9112: no bare line feeds, no folded lines, no odd names."""
_FRAMING = re.compile(
    rb"^(%b):(.*)\r$" % b"|".join(sorted(HTTPClientParser.CONNECTION_CONTROL_HEADERS)), re.IGNORECASE | re.MULTILINE
)
"""The header lines that say where the answer ends and whether the connection stays: all that is asked for here."""


class LenientParser(HTTPClientParser):
    """Passes over header lines without a colon, as browsers do; Twisted's own gives the answer up.

    A head that is as it should be and comes in one piece, as nearly all do, is taken at one glance and not line by
    line. Without a state of its own, so that a parser that Twisted has made can become one.
    """

    MAX_LENGTH = LINE_LENGTH

    def dataReceived(self, data: bytes) -> None:
        """Bytes of the answer."""
        if self.state == STATUS and not self._buffer and (head := _HEAD.match(data, 0, LINE_LENGTH)):
            self._everReceivedData = True
            self._buffer = data[head.end() :]
            self._head_received(head[1], head[2])
            data = b""
        super().dataReceived(data)

    def _head_received(self, status: bytes, lines: bytes) -> None:
        self.statusReceived(status)
        self.state = HEADER
        for name, value in _FRAMING.findall(lines):
            self.headerReceived(name, value.strip())
        self.allHeadersReceived()

    def lineReceived(self, line: bytes) -> None:
        """One line of the head, without its line feed."""
        before = self._partialHeader
        if before and not line.startswith(FOLDED) and not any(b":" in part for part in before):
            self._partialHeader = None
        super().lineReceived(line)
