"""What the worker does: one job per file. Claim, call the domain, record."""
