"""Settings for services that, in a test, mostly wait for the next command: they are to cost little meanwhile."""

from collections.abc import Mapping

IDLE: Mapping[str, str] = {"HEADCHEF_KAFKA_FETCH_WAIT_S": "0.5", "HEADCHEF_CACHE_FRESH_S": "30"}
"""The product's 100 ms have a dozen readers ask ten times a second each; an answer with records comes at once either
way. And a busy machine may stand still for more than the product's two seconds: that a cache then reuses nothing has
tests of its own."""
