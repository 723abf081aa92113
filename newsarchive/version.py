"""The version, in one place: the package's metadata, the User-Agent and the WARC files' software line come from it."""

VERSION = "0.1.0"
