"""What every store of bodies must do, on the fake, in memory and in a folder alike."""

from collections.abc import Callable
from pathlib import Path

import pytest

from headchef_contracts.events.common import Reference

from headchef.bodies import BodyStore, BodyUnusable, StoreAway
from headchef.bodies.form import written
from headchef.bodies.objects import ObjectBodyStore, open_objects
from tests.support.memory_bodies import MemoryBodyStore

STORES: dict[str, Callable[[Path], BodyStore]] = {
    "fake": lambda _: MemoryBodyStore(),
    "memory": lambda _: open_objects("memory:///", 5),
    "folder": lambda folder: open_objects((folder / "made" / "anew").as_uri(), 5),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BodyStore:
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
    store, (reference, data) = open_objects(tmp_path.as_uri(), 5), body()
    await store.put("acme", reference, data)
    found = {each.relative_to(tmp_path).as_posix(): each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert found == {f"acme/{reference.sha256}": data}


async def test_a_folder_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    store, (reference, data) = open_objects(tmp_path.as_uri(), 5), body()
    (tmp_path / "acme").write_text("a file where a folder belongs")
    with pytest.raises(StoreAway, match="away"):
        await store.put("acme", reference, data)


@pytest.mark.parametrize("call", ["put", "get"])
async def test_a_server_that_does_not_answer_is_away(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "x",
    }.items():
        monkeypatch.setenv(name, value)
    store: ObjectBodyStore = open_objects("s3://bodies/here", 1)
    reference, data = body()
    with pytest.raises(StoreAway, match="away") as away:
        await (store.put("acme", reference, data) if call == "put" else store.get("acme", reference))
    assert "\n" not in str(away.value)
