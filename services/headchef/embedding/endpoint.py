"""Embeds at any endpoint that speaks OpenAI's `/embeddings`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from math import fsum, isfinite, sqrt
from random import Random
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from headchef.embedding.errors import EmbeddingFailed
from headchef.embedding.gathering import Made
from headchef.embedding.port import Vector
from headchef.retry_after import read_retry_after
from headchef.runtime.clock import Clock

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_MAY_PASS = (408, 425, 429)
"""And all from 500 on."""


@dataclass(frozen=True, slots=True)
class EmbeddingEndpoint:
    """Where texts are embedded, and how.

    Attributes:
        base_url: the address before `/embeddings`, without a slash at its end.
        api_key: None where the endpoint wants none.
        model: as the endpoint calls it.
        dimensions: that its vectors have.
        dimensions_field: what they are set by, for whoever has set another number.
        batch: texts in one request, at least 1.
        timeout_s: seconds that one request may take.
        retries: more tries of a request that may fare better later.
    """

    base_url: str
    api_key: SecretStr | None
    model: str
    dimensions: int
    dimensions_field: str = "dimensions"
    batch: int = 64
    timeout_s: float = 20.0
    retries: int = 4


class EndpointEmbedder:
    """Sends texts in batches, one request after the other.

    Args:
        client: carries the requests.
        endpoint: where and how.
        clock: for pauses, and for dates in answers.
        chance: of the jitter of pauses.
    """

    def __init__(self, client: httpx.AsyncClient, endpoint: EmbeddingEndpoint, clock: Clock, chance: Random) -> None:
        self._client = client
        self._endpoint = endpoint
        self._host = httpx.URL(endpoint.base_url).netloc.decode()
        self._clock = clock
        self._chance = chance

    @property
    def name(self) -> str:
        """The model and the size of its vectors; the same model at two addresses gives the same vectors."""
        return f"{self._endpoint.model}/{self._endpoint.dimensions}"

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return self._endpoint.dimensions

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors, with as many requests as batches; each is tried again where that may help.

        Raises:
            EmbeddingFailed: a request has failed for good, or too often.
        """
        vectors: list[Vector] = []
        for start in range(0, len(texts), self._endpoint.batch):
            vectors += await self._insisting(texts[start : start + self._endpoint.batch])
        return vectors

    async def _insisting(self, texts: Sequence[str]) -> Sequence[Vector]:
        tries = 0
        while True:
            try:
                return (await self.ask(texts)).vectors
            except EmbeddingFailed as failed:
                tries += 1
                if not failed.may_pass or tries > self._endpoint.retries:
                    raise
                await self._clock.sleep(self._pause_s(failed, tries))

    def _pause_s(self, failed: EmbeddingFailed, tries: int) -> float:
        if failed.retry_after_s is not None:
            return min(failed.retry_after_s, _LONGEST_PAUSE_S)
        longest_s = min(_FIRST_PAUSE_S * 2.0 ** (tries - 1), _LONGEST_PAUSE_S)
        return longest_s * self._chance.uniform(0.5, 1.0)

    async def ask(self, texts: Sequence[str]) -> Made:
        """Make one request, once.

        Args:
            texts: at least one; as many as the endpoint takes at once.

        Raises:
            EmbeddingFailed: it has failed.
        """
        key = self._endpoint.api_key
        try:
            async with asyncio.timeout(self._endpoint.timeout_s):
                response = await self._client.post(
                    f"{self._endpoint.base_url}/embeddings",
                    content=orjson.dumps(
                        {"model": self._endpoint.model, "input": list(texts), "encoding_format": "float"}
                    ),
                    headers={
                        "Content-Type": "application/json",
                        **({} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}),
                    },
                )
        except (TimeoutError, httpx.TimeoutException) as error:
            message = f"{self._host} gave no vectors within {self._endpoint.timeout_s:g} s"
            raise EmbeddingFailed("timeout", message, may_pass=True) from error
        except httpx.HTTPError as error:
            message = f"the connection to {self._host} could not be made or was lost ({type(error).__name__})"
            raise EmbeddingFailed("unreachable", message, may_pass=True) from error
        if response.status_code != HTTPStatus.OK:
            raise self._refused(response)
        return self._read(response.content, len(texts))

    def _refused(self, response: httpx.Response) -> EmbeddingFailed:
        # Without its text: an endpoint may repeat the key there, or what was sent.
        status = response.status_code
        may_pass = status in _MAY_PASS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return EmbeddingFailed(
            "rate_limited" if status == HTTPStatus.TOO_MANY_REQUESTS else "http_status",
            f"{self._host} answered {status} when asked for vectors of {self._endpoint.model}",
            may_pass=may_pass,
            retry_after_s=read_retry_after(response.headers, "", self._clock.now()) if may_pass else None,
        )

    def _read(self, body: bytes, count: int) -> Made:
        try:
            read = orjson.loads(body)
            given = read["data"]
            by_index = {each["index"]: each["embedding"] for each in given}
            vectors = [by_index[number] for number in range(count)]
            if len(given) != count:
                raise ValueError("another number of vectors than of texts")
            return Made([self._unit(vector) for vector in vectors], _tokens(read.get("usage")))
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            message = f"{self._host} answered with something else than {count} vectors in the form of OpenAI's API"
            raise EmbeddingFailed("unreadable", message) from error

    def _unit(self, numbers: Any) -> Vector:
        if not isinstance(numbers, list):
            raise TypeError("no list of numbers")
        vector = [float(each) for each in numbers]
        if len(vector) != self._endpoint.dimensions:
            message = (
                f"{self._endpoint.model} at {self._host} gives vectors of {len(vector)} numbers, and"
                f" {self._endpoint.dimensions} are expected: set `{self._endpoint.dimensions_field}` to {len(vector)},"
                " or name another model"
            )
            raise EmbeddingFailed("dimensions", message)
        length = sqrt(fsum(each * each for each in vector))
        if not isfinite(length) or length == 0:
            raise ValueError("a vector without a direction")
        return [each / length for each in vector]


def _tokens(usage: Any) -> int | None:
    """Give the tokens that were counted; servers of one's own often say nothing, or 0."""
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return counted if isinstance(counted, int) and counted > 0 else None


@asynccontextmanager
async def open_endpoint(endpoint: EmbeddingEndpoint, clock: Clock, chance: Random) -> AsyncIterator[EndpointEmbedder]:
    """Open connections to an endpoint, and close them at the end.

    Args:
        endpoint: where and how.
        clock: for pauses, and for dates in answers.
        chance: of the jitter of pauses.
    """
    async with httpx.AsyncClient(timeout=endpoint.timeout_s) as client:
        yield EndpointEmbedder(client, endpoint, clock, chance)
