"""What is written in OpenAI's dialect."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from headchef_contracts.events.common import Parameters

from headchef.catalogue.form import OutputLimitField
from headchef.executor.dialects.openai import OpenAI
from tests.executor.fakes import ACCOUNT, make_model
from tests.executor.simulated import question
from tests.support.images import ADDRESS, at, inline

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


def written(limit_field: OutputLimitField = "max_completion_tokens", **fields: Any) -> dict[str, Any]:
    call = OpenAI(replace(ACCOUNT, output_limit_field=limit_field)).write(question(**fields))
    assert call.path == "/chat/completions"
    body = orjson.loads(call.body)
    assert isinstance(body, dict)
    return body


def test_a_request_says_no_more_than_it_was_told() -> None:
    assert written(model=make_model(provider_model="simulated")) == {
        "model": "simulated",
        "messages": [{"role": "system", "content": "You write."}, {"role": "user", "content": "Name: Malibu"}],
    }


def test_parameters_and_schema_are_written_where_given() -> None:
    body = written(
        parameters=Parameters(temperature=0, top_p=0.5, seed=3, stop=("END",), max_output_tokens=50),
        output_schema=SCHEMA,
    )
    assert (body["temperature"], body["top_p"], body["seed"], body["stop"]) == (0, 0.5, 3, ["END"])
    assert body["max_completion_tokens"] == 50
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(("asked", "most", "sent"), [(None, 100, 100), (50, 100, 50), (500, 100, 100), (50, None, 50)])
def test_the_output_limit_is_the_smaller_one(asked: int | None, most: int | None, sent: int) -> None:
    fields: dict[str, Any] = {
        "parameters": Parameters(max_output_tokens=asked),
        "model": make_model(max_output_tokens=most),
    }
    assert written(**fields)["max_completion_tokens"] == sent
    assert written("max_tokens", **fields)["max_tokens"] == sent


def test_images_are_parts_before_the_text() -> None:
    picture = inline()
    [system, user] = written(images=(at(), picture))["messages"]
    assert system["content"] == "You write."
    assert user["content"] == [
        {"type": "image_url", "image_url": {"url": ADDRESS}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture.base64}"}},
        {"type": "text", "text": "Name: Malibu"},
    ]


def test_images_may_stand_alone() -> None:
    [user] = written(messages=[("user", " ")], images=(at(),))["messages"]
    assert user["content"] == [{"type": "image_url", "image_url": {"url": ADDRESS}}]
