"""Upload closed WARC files to a bucket, and relocate an archive."""
