"""Whatever a Qdrant server answers but success is an answer store that is away, or one that refuses."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc  # type: ignore[import-untyped]  # it has no types, and little of it is used
import pytest
from pydantic import SecretStr

from headchef.cache.server import ServerAnswerStore
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.server import QdrantServer
from tests.cache.builders import make_sought, make_stored
from tests.support.eventually import PATIENCE_S

FAULTS = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]
REFUSALS = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


class FaultyServer(grpc.GenericRpcHandler):  # type: ignore[misc]  # its base has no types
    """Answers every call with the same fault."""

    def __init__(self) -> None:
        self.code = grpc.StatusCode.UNAVAILABLE
        self.trailing: tuple[tuple[str, str], ...] = ()

    def service(self, handler_call_details: Any) -> Any:
        async def fail(request: bytes, context: Any) -> bytes:
            await context.abort(self.code, "no", trailing_metadata=self.trailing)
            return b""

        return grpc.unary_unary_rpc_method_handler(fail)


@pytest.fixture
async def faulty() -> AsyncIterator[tuple[FaultyServer, int]]:
    listener = grpc.aio.server()
    handler = FaultyServer()
    listener.add_generic_rpc_handlers((handler,))
    port = listener.add_insecure_port("127.0.0.1:0")
    await listener.start()
    yield handler, port
    await listener.stop(None)


@pytest.fixture
async def store(faulty: tuple[FaultyServer, int]) -> AsyncIterator[ServerAnswerStore]:
    store = ServerAnswerStore(make_server(faulty[1]))
    with pytest.raises(StoreUnavailable):
        await store.open()
    yield store
    await store.close()


def make_server(grpc_port: int, api_key: SecretStr | None = None) -> QdrantServer:
    return QdrantServer("http://127.0.0.1:6333", grpc_port, api_key, "answers", *[PATIENCE_S] * 3)


CALLS: list[Callable[[ServerAnswerStore], Awaitable[object]]] = [
    lambda store: store.open(),
    lambda store: store.lookup([make_sought()]),
    lambda store: store.put([make_stored()]),
]


@pytest.mark.parametrize("call", CALLS, ids=["open", "lookup", "put"])
@pytest.mark.parametrize("code", FAULTS, ids=lambda code: str(code.name))
async def test_every_fault_is_known(
    faulty: tuple[FaultyServer, int],
    store: ServerAnswerStore,
    code: grpc.StatusCode,
    call: Callable[[ServerAnswerStore], Awaitable[object]],
) -> None:
    faulty[0].code = code
    with pytest.raises(StoreUnavailable) as caught:
        await call(store)
    assert caught.value.reason == code.name.lower()
    assert isinstance(caught.value, StoreRefused) == (code in REFUSALS)


async def test_a_server_that_asks_for_less_is_away(faulty: tuple[FaultyServer, int], store: ServerAnswerStore) -> None:
    faulty[0].code = grpc.StatusCode.RESOURCE_EXHAUSTED
    faulty[0].trailing = (("retry-after", "3"),)
    with pytest.raises(StoreUnavailable):
        await store.lookup([make_sought()])


async def test_a_key_over_an_unencrypted_connection_is_warned_of(faulty: tuple[FaultyServer, int]) -> None:
    store = ServerAnswerStore(make_server(faulty[1], SecretStr("a key")))
    with pytest.warns(UserWarning, match="insecure"), pytest.raises(StoreUnavailable):
        await store.open()
    await store.close()
