"""The registry: events in and out as JSON, versions, upcasters, and what is held back."""

import json
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest

from headchef_contracts import registry
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Event
from headchef_contracts.events.jobs import JobFinished, JobSubmitted
from headchef_contracts.events.steps import StepCompleted
from headchef_contracts.generate import PACKAGE
from headchef_contracts.registry import Registry

from tests.contracts.versions import HELD_BACK, ONE_VERSION, TWO_VERSIONS, DishServedV1, DishServedV2, to_v1, to_v2

EXAMPLES = sorted((PACKAGE / "schemas").glob("*/*/examples/*.json"))


def example(name: str) -> tuple[str, int, bytes]:
    path = next(path for path in EXAMPLES if path.match(f"headchef.{name}.json"))
    return path.parts[-4], int(path.parts[-3]), path.read_bytes()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_every_example_comes_back_equal(path: Path) -> None:
    event_type, version, data = path.parts[-4], int(path.parts[-3]), path.read_bytes()
    event = registry.decode(event_type, version, data)
    assert registry.decode(event_type, version, registry.encode(event)) == event


def test_internal_events_are_written_without_defaults() -> None:
    event = registry.decode(*example("step.planned/1/examples/minimal"))
    assert b'"run"' not in registry.encode(event)


def test_results_are_written_with_their_defaults_for_readers_without_our_models() -> None:
    event = registry.decode(*example("job.finished/1/examples/ok_text"))
    written = json.loads(registry.encode(event))
    assert written["superseded"] is False
    assert written["job"]["class"] == "interactive"
    assert written["cost_usd"] == "0.0000135"


def test_a_required_null_is_kept() -> None:
    event = registry.decode(*example("step.completed/1/examples/failed"))
    assert isinstance(event, StepCompleted)
    assert event.cost_usd is None
    assert json.loads(registry.encode(event))["cost_usd"] is None


def test_money_is_exact_and_never_a_float() -> None:
    event = registry.decode(*example("job.finished/1/examples/ok_text"))
    assert isinstance(event, JobFinished)
    assert event.cost_usd == Decimal("0.0000135")
    small = event.model_copy(update={"cost_usd": Decimal("1E-7")})
    assert json.loads(registry.encode(small))["cost_usd"] == "0.0000001"


@pytest.mark.parametrize("value", ["-1", "1e3", "NaN", " 1", "1.", 0.5, 1, True])
def test_what_is_no_money_is_refused(value: object) -> None:
    event_type, version, data = example("cache.settled/1/examples/accepted")
    document = json.loads(data) | {"cost_usd": value}
    with pytest.raises(registry.BrokenContract) as broken:
        registry.decode(event_type, version, json.dumps(document).encode())
    assert broken.value.field == "cost_usd"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("step.completed/1/examples/answered", {"answer": None}),
        ("step.completed/1/examples/answered", {"failure": {"reason": "timeout", "message": "60 s"}}),
        ("cache.settled/1/examples/accepted", {"answer": None}),
        ("cache.settled/1/examples/accepted", {"verdict": "rejected"}),
        ("job.finished/1/examples/failed", {"failure": None}),
        ("job.finished/1/examples/ok_text", {"status": "failed"}),
    ],
)
def test_parts_that_contradict_each_other_are_refused(name: str, change: dict[str, object]) -> None:
    event_type, version, data = example(name)
    with pytest.raises(registry.BrokenContract, match="must be set"):
        registry.decode(event_type, version, json.dumps(json.loads(data) | change).encode())


def test_internal_readers_pass_over_fields_of_newer_writers() -> None:
    event_type, version, data = example("cache.settled/1/examples/accepted")
    newer = json.dumps(json.loads(data) | {"new_field": 1}).encode()
    assert registry.decode(event_type, version, newer) == registry.decode(event_type, version, data)


def test_a_plain_prompt_and_input_are_bodies() -> None:
    event = registry.decode(*example("job.submitted/1/examples/template"))
    assert isinstance(event, JobSubmitted)
    assert json.loads(registry.encode(event))["input"] == {"inline": event.input.inline}  # type: ignore[union-attr]


def test_an_unknown_type_and_version_are_named() -> None:
    with pytest.raises(registry.UnknownEventType, match=r"did you mean headchef\.job\.submitted"):
        registry.decode("headchef.job.submited", 1, b"{}")
    with pytest.raises(registry.UnknownEventVersion, match="version 2 here: this program knows version 1 only"):
        registry.decode("headchef.job.submitted", 2, b"{}")
    with pytest.raises(registry.UnknownEventType, match="DishServedV1 is not in the registry"):
        registry.encode(DishServedV1(name="soup"))


def test_an_old_version_is_read_as_the_newest() -> None:
    assert TWO_VERSIONS.decode("test.dish.served", 1, b'{"name":"soup","portions":3}') == DishServedV2(
        names={"en": "soup"}, portions=3
    )
    assert TWO_VERSIONS.decode("test.dish.served", 2, b'{"names":{}}') == DishServedV2(names={})
    assert ONE_VERSION.decode("test.dish.served", 1, b'{"name":"soup"}') == DishServedV1(name="soup")


class DishServedV3(Event):
    event_type: ClassVar[str] = "test.dish.served"
    version: ClassVar[int] = 3


def test_upcasters_are_chained() -> None:
    three = Registry(
        [DishServedV3, DishServedV1, DishServedV2],
        {("test.dish.served", 1): to_v2, ("test.dish.served", 2): lambda _: DishServedV3()},
    )
    assert three.decode("test.dish.served", 1, b'{"name":"soup"}') == DishServedV3()


def test_a_missing_version_or_upcaster_and_one_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="version 1 has no upcaster to version 2"):
        Registry([DishServedV1, DishServedV2])
    with pytest.raises(ValueError, match="version 2 is registered without version 1"):
        Registry([DishServedV2])
    with pytest.raises(ValueError, match="leads to no registered version"):
        Registry([DishServedV1], {("test.dish.served", 1): to_v2})


def test_a_version_that_is_held_back_is_read_and_not_written() -> None:
    soup = DishServedV2(names={"en": "soup"}, portions=3)
    assert TWO_VERSIONS.write(soup) == (2, b'{"names":{"en":"soup"},"portions":3}')
    assert HELD_BACK.write(soup) == (1, b'{"name":"soup","portions":3}')
    assert HELD_BACK.decode("test.dish.served", 2, TWO_VERSIONS.write(soup).data) == soup
    assert HELD_BACK.decode("test.dish.served", *HELD_BACK.write(soup)) == soup


def test_versions_are_held_back_one_after_the_other() -> None:
    upcasters = {("test.dish.served", 1): to_v2, ("test.dish.served", 2): lambda _: DishServedV3()}
    soup = DishServedV2(names={"en": "soup"})
    downcasters = {("test.dish.served", 3): lambda _: soup, ("test.dish.served", 2): to_v1}
    both = Registry([DishServedV1, DishServedV2, DishServedV3], upcasters, downcasters=downcasters)
    assert both.write(DishServedV3()).version == 1
    with pytest.raises(ValueError, match="version 2 is held back, but version 3 is written"):
        Registry([DishServedV1, DishServedV2, DishServedV3], upcasters, downcasters={("test.dish.served", 2): to_v1})


@pytest.mark.parametrize("version", [1, 3])
def test_only_what_has_a_version_before_it_can_be_held_back(version: int) -> None:
    with pytest.raises(ValueError, match=f"downcaster of version {version} leads from or to no registered version"):
        Registry(
            [DishServedV1, DishServedV2],
            {("test.dish.served", 1): to_v2},
            downcasters={("test.dish.served", version): to_v1},
        )


def test_a_settled_answer_is_typed() -> None:
    event = registry.decode(*example("cache.settled/1/examples/accepted"))
    assert isinstance(event, CacheSettled)
    assert event.answer is not None
