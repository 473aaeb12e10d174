"""Pools of questions: what is learnt of reused answers by all caches together, and the bound that follows."""

from headchef.accounts.pools import judging
from headchef.accounts.pools.keeper import POLICY_VERSION, PREFIX, forget, observe
from headchef.accounts.pools.records import JUDGING, OBSERVED, POOLS, SERVED

__all__ = ["JUDGING", "OBSERVED", "POLICY_VERSION", "POOLS", "PREFIX", "SERVED", "forget", "judging", "observe"]
