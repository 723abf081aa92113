"""The same crawls, as jobs for many machines that share an index in PostgreSQL (extra `[cluster]`).

    schedule --dispatch--> queue --worker--> newsarchive crawl SITE, in a process of its own
                             ^                      |
                             +-- recover: jobs of workers that are gone

Procrastinate keeps the queue in the index's own database. One job is one site, and the database lets no site have two.
"""

from newsarchive.jobs.worker import Crewing, work

__all__ = ["Crewing", "work"]
