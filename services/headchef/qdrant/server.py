"""A Qdrant server, over gRPC: how to connect, and what its errors mean."""

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

import grpc  # type: ignore[import-untyped]  # it has no types, and little of it is used
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient
from qdrant_client.common.client_exceptions import QdrantException

from headchef.qdrant.errors import StoreRefused, StoreUnavailable

_REFUSALS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)

Result = TypeVar("Result")


def connect(url: str, grpc_port: int, api_key: SecretStr | None, longest_s: float) -> AsyncQdrantClient:
    """Make a client; it connects when it is first used.

    Args:
        url: such as `http://localhost:6333`; with https also gRPC is encrypted.
        grpc_port: of the same host.
        api_key: None for a server without one.
        longest_s: seconds that a request may take.
    """
    return AsyncQdrantClient(
        url=url,
        grpc_port=grpc_port,
        prefer_grpc=True,
        api_key=None if api_key is None else api_key.get_secret_value(),
        timeout=math.ceil(longest_s),
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
