"""Answers that were wrong, from the command line: found by their job, and told to the cache."""
