"""Tenants' budgets and entries from the command line: set, listed, and how they stand."""
