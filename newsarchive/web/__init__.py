"""The archive's browser: pages for people, doors for programs. `newsarchive.web.app` says where what stands."""
