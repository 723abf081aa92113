"""Read queries: each function returns views."""
