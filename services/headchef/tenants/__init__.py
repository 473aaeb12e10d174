"""Tenants: what each may spend, and by which entries its jobs come, as services and the command line know it."""

from headchef.tenants.in_force import TOPIC, TenantsInForce
from headchef.tenants.periods import beginning, day_of, next_after

__all__ = ["TOPIC", "TenantsInForce", "beginning", "day_of", "next_after"]
