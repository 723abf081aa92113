"""Floor 2: what to ask for. Turns due URLs into requests, and responses into new due URLs."""
