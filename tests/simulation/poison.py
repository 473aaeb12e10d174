"""What is written to internal topics and is no event of theirs."""

from collections.abc import Iterable
from random import Random

from headchef_contracts import topics

from headchef.runtime.log.port import Headers, NewRecord
from tests.simulation.process import NAMESPACE
from tests.simulation.trail import FRONT_DOORS

_EMPTY_SHARE = 0.2
_HEADERS: tuple[Headers, ...] = (
    (),
    (("ce_id", b"half"),),
    (("ce_specversion", b"1.0"), ("ce_type", b"unknown.type"), ("ce_source", b"/x"), ("ce_id", b"1")),
    (("ce_specversion", b"1.0"), ("ce_type", b"headchef.step.planned"), ("ce_source", b"/x"), ("ce_id", b"2")),
)


def drawn_poison(chance: Random, number: int, inputs: Iterable[str]) -> tuple[str, NewRecord]:
    """Draw a record, and give the logical name of its topic beside it; one without a value is passed over.

    Args:
        chance: what is drawn from.
        number: makes its bytes its own.
        inputs: what is read, by logical name.
    """
    topic = chance.choice([topic for topic in inputs if topic not in FRONT_DOORS])
    headers = chance.choice(_HEADERS)
    name = topics.physical(NAMESPACE, topic)
    if chance.random() < _EMPTY_SHARE:
        return topic, NewRecord(name, None, b"key", None, headers)
    return topic, NewRecord(name, f"poison {number}".encode(), None, None, headers)
