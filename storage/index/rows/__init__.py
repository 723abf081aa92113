"""Rows that writers share: captures on their way in, interned texts, sites, duplicates, orphans."""
