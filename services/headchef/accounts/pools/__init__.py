"""Pools of questions: what is learnt of reused answers by all caches together, and the bound that follows."""

from headchef.accounts.pools.keeper import POLICY_VERSION, PREFIX, forget, observe
from headchef.accounts.pools.records import OBSERVED, POOLS, SERVED

__all__ = ["OBSERVED", "POLICY_VERSION", "POOLS", "PREFIX", "SERVED", "forget", "observe"]
