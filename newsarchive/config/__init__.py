"""newsarchive.toml: its schema, its types and units, and the file itself."""
