"""All that the invariants may look at, gathered once from a world that has come to rest."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from headchef.catalogue.in_force import TOPIC
from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Record
from tests.simulation import at_once
from tests.simulation.accounted import Accounted
from tests.simulation.brakes import standing
from tests.simulation.faults import Faults
from tests.simulation.history import (
    ALL_DISPATCHED,
    EVENT_TOPICS,
    RESERVATIONS,
    STEPS,
    Happened,
    dead_letters,
    events,
    expired,
)
from tests.simulation.kinds import Kind
from tests.simulation.misnamed import misnamed
from tests.simulation.oracle import Place, expect, place_of
from tests.simulation.people import Decision
from tests.simulation.provider import Billed
from tests.simulation.quiet import unhandled
from tests.simulation.quota import LIMITED_LANE, beyond
from tests.simulation.services import HOSTS
from tests.simulation.takers import brakes_in, catalogues_in
from tests.simulation.trail import FRONT_DOORS, NAMES, Spot, causes_of, names_a_loss, spot_of
from tests.simulation.world import World, name_of

_OF_NO_JOB = frozenset({"cache.settled", "jobs.refused"})


class Evidence:
    """What is left of a world.

    Args:
        world: at rest, or past its time.
        in_time: whether it came to rest within the bound.
        bound_s: virtual seconds that it had.

    Attributes:
        kind: of the world.
        led: jobs that go through a workflow.
        led_state: what routers remember of such jobs in the end, by key.
        reservations: what jobs have asked for and given back, partition by partition.
        holders: what accounts remember of who has which value in the end, by key.
        accounted: what was said and is known of tenants' budgets, and of reused answers.
        submitted: the records of both front doors, those excepted that were lost.
        forwarded: copies of records that lay in a wrong partition, by where they lay, with their bytes.
        origins: of such copies, where the record lay that each is a copy of.
        expected: what must have come of them.
        letters: dead letters by the topic that they come from, those excepted that name a loss.
        poison: what was put into internal topics, was not lost, and must be in their dead letters.
        bill: of the provider, by request id.
        shown_in_vain: calls that showed images to a model that takes none.
        written_at_once: calls that wrote to the provider's cache what another of their process was still writing.
        beyond_quota: when a lane had more calls than its quota allows.
        beyond_at_once: when more calls of a lane went on than may, those of killed processes included.
        stray_calls: calls that a process began after a freeze, before it was in its group again.
        calls_in_vain: calls that a process began although it knew that all like them were refused.
        overtakings: bulk steps that began before an interactive one beyond their share.
        unhandled: partitions that are not read to their end.
        catalogues: those of the world.
        published: the records of their topic.
        in_force: the version that each process of a router or executor uses, by its name.
        said: what was paused, resumed and cancelled.
        invalidations: what was said of earlier answers.
        ttl_s: how long an answer serves; None for ever.
        store: of the caches, as it is in the end.
        found_wrong: answers that people have found wrong, by their questions.
        withdrawn: what caches have told of such answers.
        decisions: what people have said, by the ids of their commands.
        caches_joined_s: when the last of the caches has joined its group, on the loop's clock.
        called: calls by the provider's number, as they began.
        brakes_known: what each executor has for set, by its name.
        lost: records that a log or a dead letter names as expired unread, and that led to nothing.
        lost_jobs: jobs that such a record was on the way of.
        broken: what did not hold at some commit.
        searches_failed: requests of searches that failed, by what they were made to.
        misnamed: events and state that carry a large body, or name one that is not there for their tenant.
        failures: what processes failed with, and what reached the loop.
    """

    def __init__(self, world: World, *, in_time: bool, bound_s: float) -> None:
        self._cluster = cluster = world.cluster
        self.faults: Faults = world.faults
        self.kind: Kind = world.kind
        self.in_time, self.bound_s = in_time, bound_s
        self.lost = _led_nowhere(world.operator.named | expired(cluster), cluster)
        records = [record for door in FRONT_DOORS for record in cluster.read_committed(name_of(door))]
        copies = [(Place(*spot), record) for record in records for spot in causes_of(record)]
        self.forwarded = Counter((place, record.value) for place, record in copies)
        self.origins = {place_of(record): place for place, record in copies}
        self.submitted: Sequence[Record] = [record for record in records if spot_of(record) not in self.lost]
        sent_on = {place for place, _ in self.forwarded}
        self.expected = expect(self.submitted, world.submissions, world.counts, sent_on)
        self.letters = dead_letters(cluster)
        self.poison: Mapping[str, Sequence[bytes]] = {
            topic: [value for value in values if value not in _values(self.lost, topic, cluster)]
            for topic, values in world.poison.items()
        }
        self.bill: Mapping[str, Billed] = world.provider.bill
        self.written_at_once: Sequence[str] = world.provider.prompts.strays
        self.shown_in_vain: Sequence[str] = world.provider.shown_in_vain
        self.beyond_quota, self.beyond_at_once = _beyond_quota(world), _beyond_at_once(world)
        self.unhandled = unhandled(world)
        self.broken: Sequence[str] = world.broken
        self.failures = [*world.loop.faults, *world.failures]
        self.stray_calls: Sequence[str] = world.stray_calls
        self.overtakings: Sequence[str] = world.overtakings
        self.calls_in_vain: Sequence[str] = world.refusals.strays
        self.catalogues = world.catalogues
        self.published: Sequence[Record] = cluster.read_committed(name_of(TOPIC))
        self.in_force = catalogues_in(world.all_processes())
        self.said, self.found_wrong = world.brakes.said, world.correctors.said
        self.decisions: Mapping[str, Decision] = world.people.said
        self.called, self.searches_failed = world.called, world.guides.failed
        self.invalidations, self.ttl_s, self.store = world.invalidator.said, world.ttl_s, world.store
        self.brakes_known = {name: standing(known) for name, known in brakes_in(world.all_processes()).items()}
        self._events = {topic: events(cluster, topic, world.named) for topic in EVENT_TOPICS}
        self.misnamed = misnamed(world)
        self.led = frozenset(job for job, payload in self.expected.accepted.items() if "workflow" in payload)
        self._of_questions = {
            topic: found if topic in _OF_NO_JOB else [event for event in found if event.job not in self.led]
            for topic, found in self._events.items()
        }
        self.led_state, self.caches_joined_s = _newest(cluster, "router.jobs.changelog"), _caches_joined_s(world)
        self.reservations, self.withdrawn = (
            events(cluster, topic, world.named) for topic in (RESERVATIONS, "answers.withdrawn")
        )
        self.holders, self.accounted = _newest(cluster, "accounts.holders.changelog"), Accounted(world)
        self.lost_jobs = {
            event.job for topic in (*ALL_DISPATCHED, *STEPS) for event in self.every(topic) if event.spot in self.lost
        }

    @property
    def lines(self) -> Mapping[bytes, bytes]:
        """What caches hold of steps that wait for an answer."""
        return _newest(self._cluster, "cache.waiting.changelog")

    @property
    def exactly_once(self) -> bool:
        """Whether nothing may be there twice; otherwise the same thing may, with the same event id."""
        return self.kind.guarantee == "exactly_once"

    def every(self, topic: str) -> Sequence[Happened]:
        """Give the events of a topic, by its logical name."""
        return self._events[topic]

    def events(self, topic: str) -> Sequence[Happened]:
        """Give those events that are not of jobs that go through a workflow."""
        return self._of_questions[topic]


def _newest(cluster: Cluster, changelog: str) -> Mapping[bytes, bytes]:
    """Give what a store holds, by its changelog."""
    newest = {record.key: record.value for record in cluster.read_committed(name_of(changelog))}
    return {key: value for key, value in newest.items() if key is not None and value is not None}


def _caches_joined_s(world: World) -> float:
    return max(world.network.joined_s.get(each.life.name, 0.0) for each in world.caches())


def _beyond_quota(world: World) -> list[str]:
    if not world.catalogues.limits:
        return []
    calls = world.provider.calls.get(HOSTS[LIMITED_LANE], ())
    known = world.catalogues
    return beyond(calls, known.limits, known.apart, world.counts[-1], 2 if world.faults.two_owners else 1)


def _beyond_at_once(world: World) -> list[str]:
    """A process that is cut off may begin calls for tasks that another has by now."""
    if not world.catalogues.at_once:
        return []
    owners = 2 if world.faults.cut_off else 1
    return at_once.beyond(world.provider.going_on.of(HOSTS[LIMITED_LANE]), owners * at_once.MOST)


def _led_nowhere(named: set[Spot], cluster: Cluster) -> set[Spot]:
    """Leave out what was handled before it expired, and is named because its place was not committed by itself."""
    if not named:
        return set()
    records = (record for topic in NAMES for record in cluster.read_committed(topic) if not names_a_loss(record))
    return named - {spot for record in records for spot in causes_of(record)}


def _values(spots: Collection[Spot], topic: str, cluster: Cluster) -> set[bytes | None]:
    if not spots:
        return set()
    return {record.value for record in cluster.read_committed(name_of(topic)) if spot_of(record) in spots}
