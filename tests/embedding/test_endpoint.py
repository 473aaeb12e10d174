"""The embedder at an endpoint: what it sends, what it takes, and what it does about failures."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from headchef.embedding import EmbeddingFailed
from headchef.embedding.endpoint import EmbeddingEndpoint, EndpointEmbedder


class _Clock:
    """Sleeps at once, and remembers for how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def call_later(self, seconds: float, action: Callable[[], object]) -> Callable[[], object]:
        raise AssertionError("an embedder sets no timers")


class _Endpoint:
    """Answers as it is told, and gives each text the vector (its length, 1) otherwise.

    Attributes:
        bodies: of the requests that came.
        headers: likewise.
    """

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        self.bodies.append(body)
        self.headers.append(request.headers)
        assert request.url.path == "/v1/embeddings"
        if self._answers:
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        data = [{"index": number, "embedding": [len(text), 1]} for number, text in enumerate(body["input"])]
        # In any order: the index counts.
        return httpx.Response(200, json={"data": data[::-1]})


def _embedder(endpoint: _Endpoint, clock: _Clock | None = None, **changes: Any) -> EndpointEmbedder:
    settings = {"api_key": SecretStr("sk-secret"), "model": "small", "dimensions": 2, "batch": 2, "retries": 2}
    where = EmbeddingEndpoint(base_url="http://embed.example/v1", **{**settings, **changes})
    client = httpx.AsyncClient(transport=httpx.MockTransport(endpoint))
    return EndpointEmbedder(client, where, clock or _Clock(), Random(1))


async def test_texts_go_in_batches_and_come_back_in_order_and_of_length_one() -> None:
    endpoint = _Endpoint()
    vectors = await _embedder(endpoint).embed(["a", "bbb", "cc"])
    assert [body["input"] for body in endpoint.bodies] == [["a", "bbb"], ["cc"]]
    assert endpoint.bodies[0]["model"] == "small"
    assert endpoint.headers[0]["authorization"] == "Bearer sk-secret"
    assert [round(vector[0] / vector[1]) for vector in vectors] == [1, 3, 2]
    assert all(sum(each * each for each in vector) == pytest.approx(1.0) for vector in vectors)


async def test_no_text_is_no_request() -> None:
    endpoint = _Endpoint()
    assert list(await _embedder(endpoint).embed([])) == []
    assert endpoint.bodies == []


async def test_without_a_key_none_is_sent() -> None:
    endpoint = _Endpoint()
    await _embedder(endpoint, api_key=None).embed(["a"])
    assert "authorization" not in endpoint.headers[0]


@pytest.mark.parametrize(
    "fault", [httpx.Response(429), httpx.Response(503), httpx.ConnectError("away"), httpx.ReadTimeout("slow")]
)
async def test_what_may_pass_is_tried_again(fault: httpx.Response | Exception) -> None:
    clock, endpoint = _Clock(), _Endpoint(fault, fault)
    assert len(await _embedder(endpoint, clock).embed(["a"])) == 1
    assert len(endpoint.bodies) == 3
    assert 0.25 <= clock.slept[0] <= 0.5 <= clock.slept[1] <= 1.0


async def test_an_endpoint_that_says_how_long_is_heeded() -> None:
    clock = _Clock()
    await _embedder(_Endpoint(httpx.Response(429, headers={"retry-after": "7"})), clock).embed(["a"])
    assert clock.slept == [7.0]


async def test_it_is_not_tried_for_ever() -> None:
    endpoint = _Endpoint(*[httpx.Response(500)] * 9)
    with pytest.raises(EmbeddingFailed, match=r"embed\.example answered 500") as failed:
        await _embedder(endpoint).embed(["a"])
    assert (failed.value.reason, len(endpoint.bodies)) == ("http_status", 3)


async def test_a_refusal_is_not_tried_again_and_shows_no_secret() -> None:
    endpoint = _Endpoint(httpx.Response(401, text="bad key sk-secret"))
    with pytest.raises(EmbeddingFailed, match="answered 401") as failed:
        await _embedder(endpoint).embed(["a"])
    assert len(endpoint.bodies) == 1
    assert "sk-secret" not in str(failed.value)


async def test_other_dimensions_are_named() -> None:
    with pytest.raises(EmbeddingFailed, match="gives vectors of 2 numbers, and 3 are expected") as failed:
        await _embedder(_Endpoint(), dimensions=3).embed(["a"])
    assert failed.value.reason == "dimensions"
    with pytest.raises(EmbeddingFailed, match="set `SIZE_OF_VECTORS` to 2"):
        await _embedder(_Endpoint(), dimensions=3, dimensions_field="SIZE_OF_VECTORS").embed(["a"])


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"data": []}',
        b'{"data": [{"index": 1, "embedding": [1, 2]}]}',
        b'{"data": [{"index": 0, "embedding": ["x", 2]}]}',
        b'{"data": [{"index": 0, "embedding": [0, 0]}]}',
        b'{"data": [{"index": 0, "embedding": [1e154, 1e154]}]}',
        b'{"data": [{"index": 0, "embedding": "12"}]}',
        b'{"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1, 2]}]}',
    ],
)
async def test_an_answer_in_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(EmbeddingFailed, match="something else than 1 vectors") as failed:
        await _embedder(_Endpoint(httpx.Response(200, content=body))).embed(["a"])
    assert failed.value.reason == "unreadable"
