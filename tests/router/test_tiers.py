"""Jobs that name a tier: its models are asked in its order, as far as they can read the job, and no others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import make_delivery, make_failed, make_job
from tests.support.images import ADDRESS

NAMES = ("small", "large", "third", "last")
TIERS = MappingProxyType({"cheap": ("third", "small", "last"), "good": ("large",), "large": ("small", "large")})
STAND_INS = MappingProxyType({name: tuple(other for other in NAMES if other != name) for name in NAMES})
IMAGE = {"media_type": "image/png", "url": ADDRESS}


def door_of(tiers: Mapping[str, tuple[str, ...]] = TIERS, seeing: Collection[str] = ()) -> Door:
    """Give a router whose four models all stand in for each other, and of which some take images."""
    made = make_catalogue(dict.fromkeys(NAMES, "default") | {"large": "premium"}, STAND_INS, tiers)
    models = {name: replace(model, takes_images=name in seeing) for name, model in made.models.items()}
    return Door(replace(made, models=models))


def step_of(outcome: Outcome) -> Step:
    [emitted] = outcome.outputs
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, StepPlanned)
    return emitted.event.step


def refusal_of(outcome: Outcome) -> tuple[str, str | None, str]:
    letter, emitted = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, JobRefused)
    return emitted.event.reason, emitted.event.field, emitted.event.message


def asked(step: Step) -> tuple[str, ...]:
    return (step.request.model, *step.candidates)


async def test_the_models_of_the_tier_are_asked_in_its_order_and_no_stand_ins() -> None:
    step = step_of(await door_of().submit(make_job(tier="cheap")))
    assert asked(step) == ("third", "small", "last")
    assert asked(step_of(await door_of().submit(make_job(tier="good")))) == ("large",)


async def test_the_lane_is_that_of_the_first_model() -> None:
    assert step_of(await door_of().submit(make_job(tier="good"))).request.lane == "premium"


async def test_a_tier_and_a_model_of_the_same_name_are_two_things() -> None:
    assert asked(step_of(await door_of().submit(make_job(tier="large")))) == ("small", "large")
    assert asked(step_of(await door_of().submit(make_job(model="large")))) == ("large", *STAND_INS["large"])


async def test_a_null_is_no_tier() -> None:
    assert asked(step_of(await door_of().submit(make_job(tier=None)))) == ("small", *STAND_INS["small"])


async def test_who_names_the_model_that_a_tier_begins_with_asks_the_same() -> None:
    by_tier = step_of(await door_of().submit(make_job(tier="good")))
    by_model = step_of(await door_of().submit(make_job(model="large")))
    assert by_tier.fingerprint == by_model.fingerprint, "an answer that is there serves both"


async def test_a_model_that_failed_hands_over_to_the_next_of_the_tier() -> None:
    door = door_of()
    step = step_of(await door.submit(make_job(tier="cheap")))
    for left in (("small", "last"), ("last",)):
        step = step_of(await door.deliver(make_delivery(make_failed(step), topic="steps.judged", value=b"{}")))
        assert asked(step) == left


async def test_models_that_take_no_images_are_passed_over() -> None:
    door = door_of(seeing=("small", "last", "large"))
    assert asked(step_of(await door.submit(make_job(tier="cheap", images=[IMAGE])))) == ("small", "last")


@pytest.mark.parametrize(
    ("fields", "reason", "field", "message"),
    [
        ({"tier": "cheep"}, "unknown_model", "tier", "the catalogue has no tier 'cheep'; did you mean cheap?"),
        ({"tier": "zzz"}, "unknown_model", "tier", "the catalogue has no tier 'zzz'; it has cheap, good, large"),
        ({"tier": "small"}, "unknown_model", "tier", "the catalogue has no tier 'small'; it has cheap, good, large"),
        ({"tier": 5}, "invalid", "tier", "must be a string; got the number 5"),
        ({"tier": "cheap", "model": "small"}, "invalid", "tier", "stands in place of `model`: leave one of them out"),
        (
            {"tier": "cheap", "images": [IMAGE]},
            "invalid",
            "images",
            "no model of the tier 'cheap' takes images; name a model that does, such as large",
        ),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_field(
    fields: dict[str, Any], reason: str, field: str | None, message: str
) -> None:
    refused = refusal_of(await door_of(seeing=("large",)).submit(make_job(**fields)))
    assert refused[:2] == (reason, field)
    assert message in refused[2]


async def test_a_catalogue_without_tiers_says_so() -> None:
    refused = refusal_of(await door_of(tiers={}).submit(make_job(tier="cheap")))
    assert refused == ("unknown_model", "tier", "the catalogue has no tier 'cheap'; it has none")


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.sets(st.sampled_from(NAMES)),
    st.booleans(),
)
async def test_who_is_asked_are_exactly_the_able_models_of_the_tier_in_order(
    tier: Sequence[str], seeing: set[str], shows: bool
) -> None:
    door = door_of({"any": tuple(tier)}, seeing)
    outcome = await door.submit(make_job(tier="any", images=[IMAGE] if shows else []))
    able = tuple(name for name in tier if name in seeing or not shows)
    if able:
        assert asked(step_of(outcome)) == able
    else:
        assert refusal_of(outcome)[:2] == ("invalid", "images")
