"""A published catalogue comes into force whole or not at all, and the last good one holds."""

import logging
from pathlib import Path

import pytest

from headchef_contracts.events.common import Event

from headchef.catalogue import DEFAULT_PATH, BadCatalogue, Catalogue, InForce, load, resolve
from headchef.document import Fault
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.settings import BadSettings
from tests.support.builders import make_judged
from tests.support.published import ONE_MODEL, make_published, version_of
from tests.support.recorded_metrics import RecordedMetrics

FILE = load(DEFAULT_PATH)


class Service:
    """Takes up what it is given, unless it has a reason not to."""

    def __init__(self, file: Catalogue = FILE) -> None:
        self.used: list[Catalogue] = []
        self.lacks: str | None = None
        self.metrics = RecordedMetrics()
        self.in_force = InForce(file, "executor.default", self.adopt, self.metrics)

    async def adopt(self, catalogue: Catalogue) -> None:
        before = self.used[-1].version if self.used else None
        assert self.in_force.version == before, "the one before is in force until the new one is in use"
        if self.lacks is not None:
            raise BadCatalogue(catalogue.path, (Fault(3, "providers.acme", self.lacks),))
        self.used.append(catalogue)

    @property
    def shown(self) -> list[tuple[str, str]]:
        gauge = self.metrics.reading("headchef.catalog.in_force")
        return [(about["version"], about["source"]) for _, about in gauge]

    @property
    def refused(self) -> list[str]:
        return [about["version"] for _, about in self.metrics.reading("headchef.catalog.refused")]


async def test_the_file_holds_until_a_catalogue_is_published(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    service = Service()
    assert service.shown == []
    await service.in_force.settle()
    assert (service.used, service.shown) == ([FILE], [(FILE.version, "file")])
    await service.in_force.take(make_published())
    assert service.in_force.version == service.used[-1].version == version_of(ONE_MODEL)
    assert service.shown == [(version_of(ONE_MODEL), "published")]
    said = [line for line in caplog.messages if "is in force" in line]
    assert [FILE.version in line for line in said] == [True, True]


async def test_the_file_is_not_used_where_one_is_published(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    service = Service()
    await service.in_force.take(make_published())
    await service.in_force.settle()
    assert [each.version for each in service.used] == [version_of(ONE_MODEL)]
    assert FILE.version not in caplog.text


async def test_the_file_holds_where_what_is_published_cannot_be_used() -> None:
    service = Service()
    service.lacks = "environment variable ACME_KEY is not set"
    with pytest.raises(InvalidEvent):
        await service.in_force.take(make_published())
    service.lacks = None
    await service.in_force.settle()
    assert (service.used, service.shown, service.refused) == (
        [FILE],
        [(FILE.version, "file")],
        [version_of(ONE_MODEL)],
    )


async def test_where_neither_can_be_used_both_are_named() -> None:
    service = Service()
    service.lacks = "environment variable ACME_KEY is not set"
    here = f"{FILE.path}:3: providers.acme: environment variable ACME_KEY is not set"
    with pytest.raises(BadSettings) as without:
        await service.in_force.settle()
    assert str(without.value) == (
        "HEADCHEF_CATALOGUE: executor.default cannot use this file, and no catalogue is published"
        f" (`headchef catalog apply FILE` publishes one)\n{here}"
    )
    with pytest.raises(InvalidEvent):
        await service.in_force.take(make_published())
    with pytest.raises(BadSettings) as with_one:
        await service.in_force.settle()
    there = f"catalogue.yaml:3: providers.acme: {service.lacks}"
    assert str(with_one.value) == (
        "HEADCHEF_CATALOGUE: executor.default can use neither this file nor the published catalogue"
        f" {version_of(ONE_MODEL)}\n{here}\n{there}"
    )
    assert (service.used, service.shown) == ([], [])


async def test_the_same_version_again_changes_nothing() -> None:
    service = Service()
    await service.in_force.take(make_published())
    await service.in_force.take(make_published())
    assert len(service.used) == 1


async def test_a_published_copy_of_the_file_is_shown_as_published() -> None:
    service = Service()
    await service.in_force.settle()
    await service.in_force.take(make_published(DEFAULT_PATH.read_text()))
    assert (service.used, service.shown) == ([FILE], [(FILE.version, "published")])


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (make_published("models: ["), "catalogue.yaml:1:10: is not YAML"),
        (
            make_published(ONE_MODEL.replace("input: 1", "input: -1")),
            r"catalogue.yaml:5:\d+: models.small.prices.input: .*0",
        ),
        (make_published(ONE_MODEL.replace("models:", "recipes:")), r"catalogue.yaml:5:1: recipes: unknown field"),
        (make_published(version="0" * 16), f"is version {version_of(ONE_MODEL)}, and was published as 0000"),
        (make_judged(), "StepJudged in place of CatalogPublished"),
    ],
)
async def test_one_that_cannot_be_used_is_refused_with_its_line(event: Event, says: str) -> None:
    service = Service()
    await service.in_force.take(make_published())
    with pytest.raises(InvalidEvent, match=says) as refused:
        await service.in_force.take(event)
    assert "\n" not in str(refused.value)
    assert service.in_force.version == version_of(ONE_MODEL)


async def test_what_this_process_lacks_refuses_it_until_a_better_one_comes() -> None:
    service = Service()
    await service.in_force.settle()
    service.lacks = "environment variable ACME_KEY is not set"
    with pytest.raises(InvalidEvent, match=r"catalogue.yaml:3: providers.acme: .*ACME_KEY"):
        await service.in_force.take(make_published())
    assert (service.in_force.version, service.refused) == (FILE.version, [version_of(ONE_MODEL)])
    service.lacks = None
    await service.in_force.take(make_published())
    assert (service.used[-1].version, service.refused) == (version_of(ONE_MODEL), [])


async def test_an_entry_of_another_name_is_passed_over() -> None:
    service = Service()
    await service.in_force.take(make_published("no catalogue at all", name="staging"))
    assert (service.used, service.refused) == ([], [])


async def test_a_key_file_is_looked_for_where_the_process_has_its_own_catalogue(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(ONE_MODEL)
    (tmp_path / "key").write_text("sk-1")
    service = Service(load(own))
    keyed = ONE_MODEL.replace('127.0.0.1:1/v1"', '127.0.0.1:1/v1", api_key_file: key')
    await service.in_force.take(make_published(keyed))
    assert resolve(service.used[-1], "default", {}).api_key_file == tmp_path / "key"
