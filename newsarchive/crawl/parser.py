"""Twisted's parser of answers, for servers as they are."""

# Twisted calls methods like lineReceived, and is typed in parts only.
# ruff: noqa: N802
# mypy: disallow-untyped-calls=False

from twisted.web._newclient import HTTPClientParser

LINE_LENGTH = 262_144
"""Bytes in one header line. Twisted's own 16,384 are less than some sites' Content-Security-Policy has."""
FOLDED = (b" ", b"\t")
"""What a line begins with that goes on with the one before."""


class LenientParser(HTTPClientParser):
    """Passes over header lines without a colon, as browsers do; Twisted's own gives the answer up.

    Without a state of its own, so that a parser that Twisted has made can become one.
    """

    MAX_LENGTH = LINE_LENGTH

    def lineReceived(self, line: bytes) -> None:
        """One line of the head, without its line feed."""
        before = self._partialHeader
        if before and not line.startswith(FOLDED) and not any(b":" in part for part in before):
            self._partialHeader = None
        super().lineReceived(line)
