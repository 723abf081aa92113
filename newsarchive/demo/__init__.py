"""The demo site: a fictional newspaper that `newsarchive demo` archives."""
