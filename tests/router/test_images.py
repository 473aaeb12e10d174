"""Jobs that show images: what is planned, which models may be asked, and that another image is another question."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.jobs import JobFinished, JobRefused
from headchef_contracts.events.steps import Step, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.catalogue import Catalogue
from headchef.router.submission import Limits
from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import make_delivery, make_failed, make_job
from tests.support.images import ADDRESS, png, written

AT = {"media_type": "image/png", "url": ADDRESS}
INLINE = {"media_type": "image/png", "base64": written(png())}


def catalogue(*seeing: str, fallback: dict[str, tuple[str, ...]] | None = None) -> Catalogue:
    """Give one of four models, of which some take images."""
    made = make_catalogue(
        {"small": "default", "large": "premium", "third": "default", "last": "premium"}, fallback or {}
    )
    return replace(
        made, models={name: replace(each, takes_images=name in seeing) for name, each in made.models.items()}
    )


def door_of(*seeing: str, fallback: dict[str, tuple[str, ...]] | None = None) -> Door:
    return Door(catalogue(*seeing, fallback=fallback))


def step_of(outcome: Outcome) -> Step:
    [emitted] = outcome.outputs
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, StepPlanned)
    assert decode(emitted.event.event_type, 1, encode(emitted.event)) == emitted.event
    return emitted.event.step


def refusal_of(outcome: Outcome) -> JobRefused:
    letter, emitted = outcome.outputs
    assert isinstance(letter, DeadLetter)
    assert isinstance(emitted, Emit)
    assert isinstance(emitted.event, JobRefused)
    return emitted.event


async def asked(**fields: Any) -> Step:
    return step_of(await door_of("small").submit(make_job(**fields)))


async def test_images_go_with_the_prompt_as_they_were_sent() -> None:
    step = await asked(system="Be brief.", images=[AT, INLINE])
    system, user = step.request.messages
    assert system.images == ()
    assert [image.model_dump(exclude_none=True) for image in user.images] == [AT, INLINE]


async def test_no_template_reads_or_fills_an_image() -> None:
    odd = AT | {"url": f"{ADDRESS}?q=(input.name)"}
    step = await asked(prompt="{{ input.name }}: {{ input | length }}", input={"name": "cork"}, images=[odd])
    [user] = step.request.messages
    assert user.content.model_dump() == {"inline": "cork: 1"}
    assert user.images[0].url == odd["url"]


async def test_a_message_without_images_is_written_as_before() -> None:
    [planned] = (await door_of("small").submit(make_job(images=[]))).outputs
    assert isinstance(planned, Emit)
    assert b"images" not in encode(planned.event)
    assert (await asked(images=[])).fingerprint == (await asked()).fingerprint


async def test_another_image_is_another_question() -> None:
    other = INLINE | {"base64": written(png(1))}
    shown: list[list[dict[str, str]]] = [
        [], [AT], [INLINE], [other], [AT, INLINE], [INLINE, AT], [AT, AT],
        [AT | {"url": f"{ADDRESS}?v=2"}], [AT | {"media_type": "image/webp"}],
    ]  # fmt: skip
    steps = [await asked(images=images) for images in shown]
    assert len({step.fingerprint for step in steps}) == len(shown)
    assert len({step.prompt_sha256 for step in steps}) == len(shown)
    again = [await asked(images=images) for images in shown]
    assert [step.fingerprint for step in again] == [step.fingerprint for step in steps]


IMAGES = st.lists(
    st.sampled_from([AT, INLINE, INLINE | {"base64": written(png(1))}, AT | {"url": f"{ADDRESS}?2"}]), max_size=3
)


@given(st.lists(st.tuples(st.sampled_from(["hi", "ho", ""]), IMAGES), min_size=2, max_size=2))
async def test_two_jobs_share_an_answer_only_where_words_and_images_are_the_same(
    jobs: list[tuple[str, list[dict[str, str]]]],
) -> None:
    first, second = [(await asked(prompt=prompt, images=images)).fingerprint for prompt, images in jobs]
    assert (first == second) == (jobs[0] == jobs[1])


ODD = (
    st.none()
    | st.text(max_size=40)
    | st.integers(-9, 9)
    | st.sampled_from([ADDRESS, INLINE["base64"], "image/png", "==="])
)


@given(st.lists(st.dictionaries(st.sampled_from(["url", "base64", "media_type", "x"]), ODD) | ODD, max_size=3) | ODD)
async def test_no_image_breaks_the_door(images: Any) -> None:
    outcome = await door_of("small").submit(make_job(images=images))
    if outcome.changes:
        assert all(image.url or image.base64 for image in step_of(outcome).request.messages[0].images)
    else:
        assert (refusal_of(outcome).field or "").startswith("images")


async def test_a_template_is_static_up_to_its_first_slot_as_before() -> None:
    step = await asked(prompt="Say: {{ input.a }}", input={"a": 1}, images=[AT])
    assert [message.static_characters for message in step.request.messages] == [5]


async def test_a_model_that_takes_no_images_is_passed_over() -> None:
    door = door_of("large", "last", fallback={"small": ("third", "large", "last")})
    step = step_of(await door.submit(make_job(images=[AT])))
    assert (step.request.model, step.request.lane, step.candidates, step.tried) == ("large", "premium", ("last",), ())
    plain = step_of(await door.submit(make_job("job-2")))
    assert (plain.request.model, plain.candidates) == ("small", ("third", "large", "last"))


@pytest.mark.parametrize(
    ("seeing", "fallback", "message"),
    [
        (("large", "last"), {}, "the model 'small' takes no images; name a model that does, such as large or last"),
        (
            ("last",),
            {"small": ("large",)},
            "the model 'small' takes no images, nor does a stand-in of it; name a model",
        ),
        ((), {}, "the model 'small' takes no images; no model of the catalogue does"),
    ],
)
async def test_where_nobody_takes_images_the_job_is_refused(
    seeing: tuple[str, ...], fallback: dict[str, tuple[str, ...]], message: str
) -> None:
    refused = refusal_of(await door_of(*seeing, fallback=fallback).submit(make_job(images=[AT])))
    assert (refused.reason, refused.field) == ("invalid", "images")
    assert message in refused.message


async def test_a_refused_job_may_come_again_with_another_model() -> None:
    door = door_of("large")
    refusal_of(await door.submit(make_job(images=[AT])))
    assert step_of(await door.submit(make_job(images=[AT], model="large"))).request.model == "large"


async def test_images_count_towards_the_size_of_the_prompt() -> None:
    door = Door(catalogue("small"), Limits(max_job_bytes=200_000, max_header_bytes=4_000))
    large = INLINE | {"base64": written(png() + bytes(45_000))}
    refused = refusal_of(await door.submit(make_job(images=[large])))
    assert (refused.reason, refused.field) == ("too_large", "prompt")
    assert refused.message.startswith("the prompt with its images has 60")
    assert refused.message.endswith("at most 50000 are taken")
    assert step_of(await door.submit(make_job(images=[INLINE]))).request.model == "small"


async def test_a_step_with_images_is_handed_over_to_those_that_still_take_them() -> None:
    fallback: dict[str, tuple[str, ...]] = {"small": ("third", "large", "last")}
    planned = step_of(await door_of("small", "third", "large", "last", fallback=fallback).submit(make_job(images=[AT])))
    assert planned.candidates == ("third", "large", "last")
    later = door_of("small", "large", fallback=fallback)
    delivery = make_delivery(make_failed(planned), topic="steps.judged", value=b"{}")
    second = step_of(await later.deliver(delivery))
    assert (second.request.model, second.candidates) == ("large", ("last",))
    assert second.request.messages == planned.request.messages
    [ended] = (await later.deliver(make_delivery(make_failed(second), topic="steps.judged", value=b"{}"))).outputs
    assert isinstance(ended, Emit)
    assert isinstance(ended.event, JobFinished)
    assert ended.event.failure is not None
    assert "catalogue cafe does not have last with images" in ended.event.failure.message
