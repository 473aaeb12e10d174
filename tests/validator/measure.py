"""Measures what a record costs in the validator: `python -m tests.validator.measure`. The best of many runs, in µs."""

import json
from functools import partial

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import StepCheck
from headchef_contracts.events.steps import StepCompleted
from headchef_contracts.registry import decode, encode

from headchef.checks import installed
from headchef.homes import HOMES
from headchef.runtime.clock import SystemClock
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.metrics import Metrics
from headchef.schema import SchemaCache
from headchef.validator.handler import ValidatorHandler
from headchef.validator.policy import JudgingPolicy
from tests.router.measure import SCHEMA, best_us
from tests.support.builders import make_completed, make_delivery, make_step
from tests.validator.test_handler import NoState

ANSWER = json.dumps(
    {
        "title": "A car",
        "bullets": ["one", "two", "three"],
        "html": "word " * 150,
        "claims": [{"text": "a", "attr": "mpg"}, {"text": "b", "attr": "origin"}],
    },
    indent=1,
)

FACTS = {f"fact {number}": f"Part {number} costs {number}.50, and weighs 1,{number:03} g" for number in range(100)}
CHECKS = (
    StepCheck(check="chars", path="title", arguments={"max": 60}),
    StepCheck(check="array_len", path="bullets", arguments={"min": 3, "max": 7}),
    StepCheck(check="banned_terms", path="html", arguments={"terms": [f"term {number}" for number in range(100)]}),
    StepCheck(check="grounded", path="html", arguments={"against": FACTS}),
)


def main() -> None:
    """Print the table."""
    policy = JudgingPolicy(max_answer_characters=1_000_000, max_findings=50, max_message_characters=500)
    handler = ValidatorHandler(
        clock=SystemClock(), metrics=Metrics(), schemas=SchemaCache(8), checks=installed(), policy=policy, homes=HOMES
    )

    def handled(delivery: Delivery) -> None:
        try:
            handler.handle(delivery, NoState()).send(None)
        except StopIteration:
            return
        raise AssertionError("the validator waited")

    step = make_step(output_schema=SCHEMA)
    checked = make_step(output_schema=SCHEMA, checks=CHECKS)
    for name, event in (
        ("text", make_completed("word " * 200)),
        ("JSON", make_completed(ANSWER, step=step)),
        ("JSON in prose and a fence", make_completed(f"Sure:\n```json\n{ANSWER}\n```", step=step)),
        ("JSON, with four checks", make_completed(ANSWER, step=checked)),
        ("JSON, rejected", make_completed(ANSWER.replace("title", "titel"), step=step)),
        ("JSON, from the cache", make_completed(ANSWER, step=step, cache=CacheUse(kind="exact", source_job_id="j"))),
    ):
        data = encode(event)
        read = decode(StepCompleted.event_type, StepCompleted.version, data)
        delivery = make_delivery(read, topic="steps.completed", value=data)
        print(f"{name:28} {len(data):5} bytes {best_us(partial(handled, delivery)):7.1f} µs")


if __name__ == "__main__":
    main()
