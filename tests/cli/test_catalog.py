"""What `headchef catalog` compares, refuses and publishes, on a log in memory."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from headchef_contracts import topics

from headchef.catalogue import DEFAULT_PATH
from headchef.cli.broadcast import publish
from headchef.cli.cataloguing.checking import candidate, missing_here, refused, unfit_for
from headchef.cli.cataloguing.difference import Difference, differences
from headchef.cli.cataloguing.topic import newest, record_of
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.document import Fault
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.memory import Cluster, MemoryLog
from tests.cli.clusters import NAMESPACE, make_log, put
from tests.support.published import ONE_MODEL

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
DEARER = ONE_MODEL.replace("input: 1", "input: 1.5").replace("# Reviewed.", "# Reviewed again.")
TWO_KEYS = """defaults: {model: a}
providers:
  one: {base_url: "http://one.test/v1", api_key_env: ONE_KEY}
  two: {base_url: "${TWO_URL}", api_key_file: two.key}
lanes:
  first: {provider: one}
  second: {provider: one, requests_per_minute: 4}
  third: {provider: two}
models:
  a: {lane: first}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "catalogue.yaml"
    path.write_text(text)
    return path


async def publish_file(log: MemoryLog, path: Path) -> None:
    producer = log.producer("test", None)
    await producer.start()
    await publish(producer, record_of(candidate(path), NAMESPACE, AT))
    await producer.close()


def test_only_what_the_fields_say_is_a_difference() -> None:
    assert differences(ONE_MODEL, "# Other comments.\n" + ONE_MODEL.replace("input: 1", "input: 1.0")) == []
    assert differences(ONE_MODEL, DEARER) == [Difference("models.small.prices.input", "1", "1.5")]


def test_what_is_new_and_what_is_gone_is_marked() -> None:
    renamed = ONE_MODEL.replace("small", "tiny")
    found = {each.field: each.mark for each in differences(ONE_MODEL, renamed)}
    assert found["defaults.model"] == "~"
    assert (found["models.tiny.lane"], found["models.small.lane"]) == ("+", "-")


def test_a_tier_is_one_field() -> None:
    one, two = (f"{ONE_MODEL}\ntiers: {{cheap: [{names}]}}\n" for names in ("small", "small, large"))
    assert differences(ONE_MODEL, one) == [Difference("tiers.cheap", None, "('small',)")]
    assert differences(one, two) == [Difference("tiers.cheap", "('small',)", "('small', 'large')")]
    assert [each.mark for each in differences(two, ONE_MODEL)] == ["-"]


def test_where_nothing_is_published_all_is_new() -> None:
    found = differences(None, ONE_MODEL)
    assert {each.mark for each in found} == {"+"}
    assert Difference("models.small.prices.output", None, "2") in found


def test_all_faults_of_a_file_are_named_with_their_lines(tmp_path: Path) -> None:
    wrong = ONE_MODEL.replace("input: 1", "input: -1").replace("acme: {", "acme: {dialect: latin, ")
    with pytest.raises(WrongUsage) as caught:
        candidate(written(tmp_path, wrong))
    first, *lines = caught.value.message.splitlines()
    assert first == f"{tmp_path}/catalogue.yaml has 2 faults, and is not published"
    assert [line.split(": ")[:2] for line in lines] == [
        [f"{tmp_path}/catalogue.yaml:3:20", "providers.acme.dialect"],
        [f"{tmp_path}/catalogue.yaml:5:42", "models.small.prices.input"],
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "cannot be read: No such file"), ("# " + "x" * 100_000 + "\n" + ONE_MODEL, "at most 100,000")],
)
def test_a_file_that_cannot_be_published_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "catalogue.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(WrongUsage, match=says):
        candidate(path)


def test_what_this_machine_lacks_is_named_once_and_in_order(tmp_path: Path) -> None:
    found = candidate(written(tmp_path, TWO_KEYS))
    missing = missing_here(found, {})
    assert [(fault.line, fault.field) for fault in missing] == [
        (3, "providers.one.api_key_env"),
        (4, "providers.two.base_url"),
        (4, "providers.two.api_key_file"),
    ]
    (tmp_path / "two.key").write_text("sk-2")
    assert missing_here(found, {"ONE_KEY": "sk-1", "TWO_URL": "http://two.test"}) == ()
    assert "sk-" not in str(refused(found.path, missing))


async def test_lanes_without_topics_are_named_with_the_command_that_makes_them(tmp_path: Path) -> None:
    found = candidate(written(tmp_path, TWO_KEYS))
    unfit = await unfit_for(make_log(), NAMESPACE, found)
    assert [(fault.line, fault.field) for fault in unfit] == [
        (6, "lanes.first"),
        (7, "lanes.second"),
        (8, "lanes.third"),
    ]
    assert "`headchef topics create --lane first`" in unfit[0].message


async def test_a_share_is_that_of_a_task_of_this_very_cluster(tmp_path: Path) -> None:
    limited = ONE_MODEL.replace("provider: acme", "provider: acme, requests_per_minute: 6")
    cluster = Cluster(SystemClock())
    for topic in topics.required(["default"]):
        cluster.create_topic(topics.physical(NAMESPACE, topic.logical), topic.partitions)
    log, found = MemoryLog(cluster), candidate(written(tmp_path, limited))
    assert await unfit_for(log, NAMESPACE, found) == ()
    cluster.grow_topic(topics.physical(NAMESPACE, "steps.dispatched.default"), 8)
    message = (
        "is shared by 8 tasks, and a share is less than one call; at least 8 is needed,"
        " or `active_partitions: 6` in this lane"
    )
    assert await unfit_for(log, NAMESPACE, found) == (Fault(4, "lanes.default.requests_per_minute", message, 35),)
    fewer = limited.replace("requests_per_minute", "active_partitions: 6, requests_per_minute")
    assert await unfit_for(log, NAMESPACE, candidate(written(tmp_path, fewer))) == ()


async def test_what_was_published_last_comes_back_byte_for_byte(tmp_path: Path) -> None:
    log = make_log()
    assert await newest(log, NAMESPACE) is None
    umlauts = ONE_MODEL.replace("# Reviewed.", "# Gepr\u00fcft \U0001f468\u200d\U0001f373, with tabs\tand quotes \"'.")
    for text in (DEFAULT_PATH.read_text(), umlauts):
        path = written(tmp_path, text)
        await publish_file(log, path)
        found = await newest(log, NAMESPACE)
        assert found is not None
        assert (found.text.encode(), found.file, found.published_at) == (path.read_bytes(), "catalogue.yaml", AT)
        assert found.catalog_version == candidate(path).catalogue.version


async def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    log = make_log()
    await publish_file(log, written(tmp_path, ONE_MODEL))
    await put(log, "catalog", b"no event", b"default", 0)
    with pytest.raises(WorkFailed, match=r"headchef\.catalog\.v1\[0\] offset 1 cannot be read"):
        await newest(log, NAMESPACE)


async def test_a_cluster_without_the_topic_says_how_to_make_it() -> None:
    with pytest.raises(WrongUsage, match=r"no topic headchef\.catalog\.v1") as caught:
        await newest(MemoryLog(Cluster(SystemClock())), NAMESPACE)
    assert "topics create" in caught.value.hint
