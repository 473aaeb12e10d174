"""Tenants' budgets from the command line: set, listed, and how they stand."""
