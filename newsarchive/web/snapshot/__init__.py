"""Archived pages made fit to be looked at: nothing in them runs, and nothing leads out of the archive. Pure functions.

safe.py      which elements and attributes stay          css.py       addresses in stylesheets
srcset.py    addresses in srcset                          rewrite.py   a page: what stays, rewritten
content.py   what else an archived answer may be          address.py   where in the archive an address leads
"""
