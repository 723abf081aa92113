"""Alerts: saved searches and filters of changes whose hits are sent by mail and webhook, and are in feeds."""
