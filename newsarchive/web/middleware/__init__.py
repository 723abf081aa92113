"""ASGI middleware: authentication, rate limits, errors, security headers."""
