"""Rebuild, recover, import, re-extract and verify an archive."""
