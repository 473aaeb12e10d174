"""Invalidation from the command line: what is meant, said to all caches, and what an erasure leaves elsewhere."""
