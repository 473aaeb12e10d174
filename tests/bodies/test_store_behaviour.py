"""What every store of bodies must do, on the fake, in memory and in a folder alike."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from headchef_contracts.events.common import Reference

from headchef.bodies import BodyStore, BodyUnusable, StoreAway
from headchef.bodies.form import written
from headchef.bodies.objects import open_objects
from headchef.runtime.settings import BadSettings
from tests.support.eventually import PATIENCE_S
from tests.support.memory_bodies import MemoryBodyStore
from tests.support.s3_server import S3Server, s3_server

STORES: dict[str, Callable[[Path], BodyStore]] = {
    "fake": lambda _: MemoryBodyStore(),
    "memory": lambda _: open_objects("memory:///", PATIENCE_S),
    "folder": lambda folder: open_objects((folder / "made" / "anew").as_uri(), PATIENCE_S),
    "s3": lambda _: open_objects("s3://bodies/here", PATIENCE_S),
}


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Server]:
    async with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path, s3: S3Server) -> BodyStore:
    return STORES[request.param](tmp_path)


def body(value: object = "text") -> tuple[Reference, bytes]:
    return written(value)


@pytest.mark.parametrize("value", ["", "text", "ü🚗\n", {"a": [1, None]}, "x" * 1_000_000])
async def test_a_body_comes_back_as_it_was_put(store: BodyStore, value: object) -> None:
    reference, data = body(value)
    await store.put("acme", reference, data)
    found = await store.get("acme", reference)
    assert (type(found), found) == (bytes, data)


async def test_what_was_not_put_is_missing_and_named(store: BodyStore) -> None:
    reference, _ = body()
    with pytest.raises(BodyUnusable, match=reference.sha256) as missing:
        await store.get("acme", reference)
    assert missing.value.reason == "body_missing"


async def test_putting_twice_is_putting_once(store: BodyStore) -> None:
    reference, data = body()
    await store.put("acme", reference, data)
    await store.put("acme", reference, data)
    assert await store.get("acme", reference) == data


TENANTS = ["acme", "Acme", "ACME", "acme/", "acme/..", "..", ".", "a b", "ü" * 200, "x" * 200, "a%2F", "a\\b", "con"]


async def test_no_tenant_finds_what_is_of_another(store: BodyStore) -> None:
    reference, data = body()
    for number, tenant in enumerate(TENANTS):
        for other in TENANTS[number:]:
            with pytest.raises(BodyUnusable):
                await store.get(other, reference)
        await store.put(tenant, reference, data)
        assert await store.get(tenant, reference) == data


async def test_a_folder_holds_a_file_for_each_body_and_nothing_else(tmp_path: Path) -> None:
    store, (reference, data) = open_objects(tmp_path.as_uri(), PATIENCE_S), body()
    await store.put("acme", reference, data)
    found = {each.relative_to(tmp_path).as_posix(): each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert found == {f"acme/{reference.sha256}": data}


async def test_a_folder_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    store, (reference, data) = open_objects(tmp_path.as_uri(), PATIENCE_S), body()
    (tmp_path / "acme").write_text("a file where a folder belongs")
    with pytest.raises(StoreAway, match="away"):
        await store.put("acme", reference, data)


async def test_a_bucket_holds_an_object_for_each_body_below_its_prefix(s3: S3Server) -> None:
    reference, data = body()
    await open_objects("s3://bodies/here", PATIENCE_S).put("acme", reference, data)
    assert s3.objects == {f"/bodies/here/acme/{reference.sha256}": data}


async def calls(store: BodyStore, call: str) -> object:
    reference, data = body()
    return await (store.put("acme", reference, data) if call == "put" else store.get("acme", reference))


@pytest.mark.parametrize("call", ["put", "get"])
async def test_a_server_that_is_not_there_is_away(s3: S3Server, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StoreAway, match=r"away: .* error sending request") as away:
        await calls(open_objects("s3://bodies/here", PATIENCE_S), call)
    assert "\n" not in str(away.value)


@pytest.mark.parametrize("call", ["put", "get"])
async def test_a_server_that_does_not_answer_is_away_after_the_time_out(s3: S3Server, call: str) -> None:
    s3.stalls = True
    with pytest.raises(StoreAway, match="longer than HEADCHEF_BODIES_TIMEOUT_S"):
        await calls(open_objects("s3://bodies/here", 0.2), call)


@pytest.mark.parametrize("call", ["put", "get"])
async def test_a_server_that_refuses_is_away_and_names_the_credentials(s3: S3Server, call: str) -> None:
    s3.refuses = True
    with pytest.raises(StoreAway, match=r"refuses: .*; see the credentials"):
        await calls(open_objects("s3://bodies/here", PATIENCE_S), call)


@pytest.mark.parametrize("url", ["nowhere://x", "bodies", "az://container"])
def test_what_is_no_store_is_refused_and_says_what_would_be_right(url: str) -> None:
    with pytest.raises(BadSettings, match=r"HEADCHEF_BODIES: .*; name a store as file:///folder, s3://bucket/prefix"):
        open_objects(url, 5)
