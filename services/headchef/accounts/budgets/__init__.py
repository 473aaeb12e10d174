"""Keeps tenants' accounts: what they may spend, have spent, and have under way, in each day and month."""

from headchef.accounts.budgets.keeper import Keeper
from headchef.accounts.budgets.sums import BUDGETS, SETTLED, Sums, read_sums

__all__ = ["BUDGETS", "SETTLED", "Keeper", "Sums", "read_sums"]
