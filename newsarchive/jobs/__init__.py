"""Crawls as jobs of several machines that share an index in PostgreSQL (extra `[cluster]`).

    schedule --dispatch--> queue --worker--> newsarchive crawl SITE, in a process of its own
                             ^                      |
                             +-- recover: jobs of workers that are gone

Procrastinate keeps the queue in the index's own database, which prevents two jobs of the same site.
"""
