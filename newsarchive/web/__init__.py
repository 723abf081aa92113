"""The archive's web interface: pages and APIs. `newsarchive.web.app` lists the modules."""
