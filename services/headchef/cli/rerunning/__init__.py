"""Runs jobs again that came to no good end: finds their records, and publishes them with a higher run."""
