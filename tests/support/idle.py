"""Settings for services that, in a test, mostly wait for the next command: they are to cost little meanwhile."""

from collections.abc import Mapping

UNHURRIED: Mapping[str, str] = {
    "HEADCHEF_CACHE_FRESH_S": "30",
    "HEADCHEF_CACHE_OPEN_TIMEOUT_S": "60",
    "HEADCHEF_CACHE_LOOKUP_TIMEOUT_S": "30",
    "HEADCHEF_CACHE_PUT_TIMEOUT_S": "60",
    "HEADCHEF_CACHE_EMBED_TIMEOUT_S": "60",
    "HEADCHEF_CACHE_JUDGE_TIMEOUT_S": "60",
    "HEADCHEF_EXECUTOR_CONNECT_TIMEOUT_S": "60",
}
"""A busy machine may stand still for seconds, after which the product's own half a second to five are over: that a
cache then reuses nothing, and learns nothing, and that a connection made too late is another attempt, has
tests of its own."""

IDLE: Mapping[str, str] = {"HEADCHEF_KAFKA_FETCH_WAIT_S": "0.5", **UNHURRIED}
"""The product's 100 ms have a dozen readers ask ten times a second each; an answer with records comes at once either
way."""
