"""Exports: what the archive holds, in the forms of other programs.

    choice.py   what is exported, and from where            whole.py    a file that appears only when it is whole
    lines.py    JSONL, CSV           table.py   Parquet     copy.py     SQLite for Datasette
    records.py  records, copied byte for byte               warcs.py    WARC slice
    cdxj.py     an index of captures, sorted                wacz.py     WACZ: records, index and pages in one file
    forms.py    the table of all forms: read this first

Everything is streamed: memory does not grow with the archive.
"""
