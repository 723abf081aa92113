"""Sanitised archived pages: nothing in them runs, and nothing leads out of the archive. Pure functions.

allowlist.toml  elements and attributes that are kept    css.py           URLs in stylesheets
sanitizer.py    walk over the elements                   url_slots.py     URLs in attributes and srcset
rewrite.py      a page: sanitised and rewritten          replay_links.py  URLs of archived resources
media_types.py  other archived responses
"""
