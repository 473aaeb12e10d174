"""A Qdrant server, over gRPC: how to connect, and what its errors mean."""

import asyncio
import math
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import grpc  # type: ignore[import-untyped]  # it has no types, and little of it is used
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException

from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.where import Where

_REFUSALS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class QdrantServer:
    """Where the server is, and how long it may take.

    Attributes:
        url: such as `http://localhost:6333`; with https also gRPC is encrypted.
        grpc_port: of the same host.
        api_key: None for a server without one.
        collection: its name there.
        open_timeout_s: for finding or making the collection.
        lookup_timeout_s: for one request to look up; steps wait for it.
        put_timeout_s: for one request to store, to remove or to count.
    """

    url: str
    grpc_port: int
    api_key: SecretStr | None
    collection: str
    open_timeout_s: float
    lookup_timeout_s: float
    put_timeout_s: float


def connect(server: QdrantServer) -> AsyncQdrantClient:
    """Make a client; it connects when it is first used.

    Args:
        server: where, and the longest that a request may take.
    """
    return AsyncQdrantClient(
        url=server.url,
        grpc_port=server.grpc_port,
        prefer_grpc=True,
        api_key=None if server.api_key is None else server.api_key.get_secret_value(),
        timeout=math.ceil(max(server.open_timeout_s, server.lookup_timeout_s, server.put_timeout_s)),
        pool_size=1,
        # By default a channel may wait two minutes before it connects again; how often to try is the caller's.
        grpc_options={"grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 1_000},
        # It would be asked over HTTP, from a thread, at each start.
        check_compatibility=False,
    )


async def answered(call: Awaitable[Result], timeout_s: float) -> Result:
    """Wait for a server's answer.

    Args:
        call: of the client.
        timeout_s: seconds that it may take.

    Raises:
        StoreUnavailable: not now.
        StoreRefused: not with this key.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except TimeoutError as error:
        raise StoreUnavailable("timeout", f"no answer within {timeout_s:g} s") from error
    except grpc.aio.AioRpcError as error:
        reason = error.code().name.lower()
        kind = StoreRefused if error.code() in _REFUSALS else StoreUnavailable
        raise kind(reason, error.details() or reason) from error
    except (grpc.RpcError, QdrantException) as error:
        raise StoreUnavailable("server", str(error)) from error


def filter_of(where: Where) -> models.Filter:
    """Say in the server's terms which points are meant."""
    must: list[models.Condition] = [
        models.FieldCondition(key=name, match=models.MatchValue(value=value)) for name, value in where.equal.items()
    ]
    if where.ids is not None:
        must.append(models.HasIdCondition(has_id=[str(each) for each in where.ids]))
    must += [
        models.FieldCondition(key=name, match=models.MatchAny(any=list(values))) for name, values in where.among.items()
    ]
    must += [_until(name, value) for name, value in where.until.items()]
    must += [
        models.Filter(should=[_until(name, value), _absent(name)]) for name, value in where.until_or_absent.items()
    ]
    must += [_absent(name) for name in where.absent]
    return models.Filter(must=must)


def _until(name: str, value: float) -> models.FieldCondition:
    return models.FieldCondition(key=name, range=models.Range(lte=value))


def _absent(name: str) -> models.IsEmptyCondition:
    return models.IsEmptyCondition(is_empty=models.PayloadField(key=name))
