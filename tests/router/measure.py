"""Measures what a record costs in the router: `python -m tests.router.measure`. The best of many short runs, in µs."""

import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

from headchef_contracts import cloudevents

from headchef.runtime.processor import Delivery, Outcome
from tests.router.conftest import Door
from tests.support.builders import make_delivery, make_job

_RUNS = 300
_CALLS = 40

_TEXT = {"type": "string"}
_CLAIM = {"type": "object", "properties": {"text": _TEXT, "attr": _TEXT}, "required": ["text", "attr"]}
_FIELDS = {"title": {"type": "string", "maxLength": 80}, "bullets": {"type": "array", "items": _TEXT}, "html": _TEXT}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "bullets", "html", "claims"],
    "properties": {**_FIELDS, "claims": {"type": "array", "items": _CLAIM}},
}
_TEMPLATE = """Write a product description of {{ input.name }}, in a {{ input.voice }} voice.
{% for key, value in input.facts.items() %}- {{ key }}: {{ value }}
{% endfor %}Use these facts only."""
_INPUT = {
    "name": "a car",
    "voice": "calm",
    "facts": {"mpg": 18, "cylinders": 8, "horsepower": 130, "weight": 3504, "origin": "USA"},
}


def best_us(call: Callable[[], object]) -> float:
    """Give the least time of one call: other processes can only make it look longer."""
    return min(timeit.repeat(call, number=_CALLS, repeat=_RUNS)) / _CALLS * 1e6


def handled(door: Door, delivery: Delivery) -> Outcome:
    """Run the handler, which never waits, without an event loop."""
    try:
        door.handler.handle(delivery, door.state).send(None)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    raise AssertionError("the router waited")


def main() -> None:
    """Print the table."""
    attributes = cloudevents.Attributes("1", "/cli", "headchef.job.submitted", 1)
    headers = cloudevents.to_headers(attributes, (("traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"),))
    literal: dict[str, Any] = make_job(prompt="fact " * 200)
    template = make_job(prompt=_TEMPLATE, input=_INPUT)
    output = {"output": {"schema": SCHEMA}}
    door = Door()
    for name, job in (
        ("literal prompt", literal),
        ("literal prompt, schema", literal | output),
        ("template", template),
        ("template, schema", template | output),
    ):
        delivery = make_delivery(value=job, headers=headers)
        size = len(delivery.record.value or b"")
        print(f"{name:28} {size:5} bytes {best_us(partial(handled, door, delivery)):7.1f} µs")
    delivery = make_delivery(value=literal, headers=headers)
    door.state.apply(handled(door, delivery).changes)
    print(f"{'duplicate':40} {best_us(lambda: handled(door, delivery)):7.1f} µs")
    elsewhere = make_delivery(value=literal, headers=headers, partition=(delivery.record.partition + 1) % 4)
    print(f"{'forwarded':40} {best_us(lambda: handled(door, elsewhere)):7.1f} µs")


if __name__ == "__main__":
    main()
