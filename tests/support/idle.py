"""Settings for services that, in a test, mostly wait for the next command: they are to cost little meanwhile."""

from collections.abc import Mapping

IDLE: Mapping[str, str] = {"HEADCHEF_KAFKA_FETCH_WAIT_S": "0.5"}
"""The product's 100 ms have thirty readers ask ten times a second each, of which the broker and the services spend four
tenths of a core; an answer with records comes at once either way."""
