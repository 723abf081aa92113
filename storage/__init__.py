"""Floor 0: the archive on disk. Nouns, WARC files and the SQL index; nothing of ours lies below it."""
