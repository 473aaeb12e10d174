"""Lets questions of tenants with a budget be asked only if they are paid for: from a purse that each task draws for."""

from headchef.router.purses.parked import PARKED, Parked
from headchef.router.purses.purse import PURSES
from headchef.router.purses.till import Till

__all__ = ["PARKED", "PURSES", "Parked", "Till"]
