"""Coordination of several machines: leases and jobs."""
