"""Layer 0: the archive on disk: data classes, WARC files and the SQL index. Imports no other package of the project."""
