"""Site locks and job leases."""
