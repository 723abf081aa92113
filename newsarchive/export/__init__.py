"""Exports of the archive in the formats of other programs.

    formats.py   the table of formats                  request.py     what is exported
    articles.py  JSONL, CSV, Parquet, SQLite           background.py  exports of the web server
    records.py   WARC: records with page requisites, copied byte for byte
    cdxj.py      CDXJ                                  wacz.py        WACZ: records, index and pages

All of them stream: memory does not grow with the archive.
"""
