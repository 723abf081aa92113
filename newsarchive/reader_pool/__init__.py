"""The pool of processes that read pages."""
