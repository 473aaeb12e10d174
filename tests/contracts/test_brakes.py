"""A brake names one scope, in one way; and a job knows the names of all scopes that it is in."""

from typing import Any

import orjson
import pytest

from headchef_contracts import registry
from headchef_contracts.events.brakes import BrakeScope, BrakeSet, brake_of, scopes_of

SCOPES: list[tuple[dict[str, Any], str]] = [
    ({"tenant": "acme"}, "tenant=acme"),
    ({"batch_id": "spring 2026"}, "batch=spring 2026"),
    ({"tenant": "acme", "batch_id": "spring 2026"}, "batch:acme=spring 2026"),
    ({"tenant": "acme=a", "batch_id": "spring"}, "batch:acme%3Da=spring"),
    ({"lane": "default"}, "lane=default"),
    ({"labels": {"team": "blue"}}, "label:team=blue"),
    ({"labels": {"team": ""}}, "label:team="),
    ({"tenant": "acme", "job_id": "a/b"}, "job=acme/a/b"),
    ({"tenant": "acme/a", "job_id": "b"}, "job=acme%2Fa/b"),
]
JOB: dict[str, Any] = {
    "tenant": "acme",
    "job_id": "a/b",
    "batch_id": "spring 2026",
    "labels": {"team": "blue"},
    "lane": "default",
}


@pytest.mark.parametrize(("scope", "name"), SCOPES)
def test_a_scope_has_a_name(scope: dict[str, Any], name: str) -> None:
    assert BrakeScope(**scope).name == name


def test_no_two_scopes_share_a_name() -> None:
    alike: list[dict[str, Any]] = [{"tenant": "acme", "batch_id": "a=spring"}, {"batch_id": "acme=a=spring"}]
    alike += [{"labels": {"a=b": "c"}}, {"labels": {"a": "b=c"}}, {"labels": {"a%3Db": "c"}}]
    scopes = [*(scope for scope, _ in SCOPES), *alike]
    assert len({BrakeScope(**scope).name for scope in scopes}) == len(scopes)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"job_id": "a"},
        {"tenant": "acme", "batch_id": "spring", "job_id": "a"},
        {"tenant": "acme", "lane": "default"},
        {"lane": "default", "labels": {"team": "blue"}},
        {"labels": {}},
    ],
)
def test_what_names_none_or_several_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must name one of tenant, batch_id, lane, labels"):
        BrakeScope(**wrong)


def test_a_job_is_in_the_scopes_that_name_it() -> None:
    mine: list[dict[str, Any]] = [
        {"tenant": "acme"},
        {"batch_id": "spring 2026"},
        {"lane": "default"},
        {"labels": {"team": "blue"}},
        {"tenant": "acme", "batch_id": "spring 2026"},
    ]
    mine.append({"tenant": "acme", "job_id": "a/b"})
    assert set(scopes_of(**JOB)) == {BrakeScope(**scope).name for scope in mine}
    assert set(scopes_of(tenant="acme", job_id="a/b")) == {"tenant=acme", "job=acme/a/b"}


def test_an_entry_is_named_after_what_it_says() -> None:
    scope = BrakeScope(tenant="acme")
    assert brake_of("pause", scope) == brake_of("resume", scope) == "pause tenant=acme"
    assert brake_of("cancel", scope) == "cancel tenant=acme"
    event = {"action": "cancel", "scope": {"tenant": "acme"}, "by": "ann", "set_at": "2026-11-27T09:30:00Z"}
    read = registry.decode(BrakeSet.event_type, 1, orjson.dumps(event | {"brake": "cancel tenant=acme"}))
    assert isinstance(read, BrakeSet)
    with pytest.raises(registry.BrokenContract, match="must be 'cancel tenant=acme'"):
        registry.decode(BrakeSet.event_type, 1, orjson.dumps(event | {"brake": "pause tenant=acme"}))
