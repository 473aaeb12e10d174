"""Carries what members report and what the leader shares out through Kafka's group protocol, as opaque user data."""

from collections.abc import Callable, Iterable, Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from headchef.runtime.log.port import GroupMember, Share

PROTOCOL = "headchef"
"""Name of the assignment protocol; members of another kind cannot be in the group at the same time."""

_VERSION = 0
_SEPARATOR = b"\0"


class ShareAssignor(AbstractPartitionAssignor):
    """One member's end of the group protocol. aiokafka calls its methods on the instance, synchronously.

    Args:
        member: who reports, divides and is told.
        instance: static id of this member, which the protocol does not show to the leader.
        joining: called before each join; what it raises ends the membership.
        joined: called after each join, before the member is told.
    """

    name = PROTOCOL

    def __init__(
        self, member: GroupMember, instance: str, *, joining: Callable[[], None], joined: Callable[[], None]
    ) -> None:
        self._member = member
        self._instance = instance
        self._joining = joining
        self._joined = joined
        self.fault: Exception | None = None

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:  # type: ignore[override]  # see class
        """Make what this member says of itself at a join."""
        try:
            self._joining()
            report = self._instance.encode() + _SEPARATOR + self._member.report()
        except Exception as error:
            self.fault = error
            raise
        return ConsumerProtocolMemberMetadata(_VERSION, sorted(topics), report)

    def assign(  # type: ignore[override]  # an instance method where aiokafka declares a class method
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Divide the tasks, as the group's leader."""
        try:
            return self._assigned(cluster, members)
        except Exception as error:
            self.fault = error
            raise

    def _assigned(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        topics = sorted({topic for each in members.values() for topic in each.subscription})
        partitions = min((len(cluster.partitions_for_topic(topic) or ()) for topic in topics), default=0)
        reports: dict[str, bytes] = {}
        names: dict[str, str] = {}
        for member_id, each in members.items():
            instance, _, report = each.user_data.partition(_SEPARATOR)
            name = instance.decode()
            # A broker without static membership keeps a dead process beside its successor for a session.
            name = f"{name}/{member_id}" if name in reports else name
            names[member_id], reports[name] = name, report
        shares = self._member.share_out(reports, partitions)
        return {member_id: _assignment(topics, shares[name]) for member_id, name in names.items()}

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:  # type: ignore[override]  # see class
        """Take this member's share."""
        try:
            self._joined()
            self._member.assigned(assignment.user_data)
        except Exception as error:
            self.fault = error
            raise


def _assignment(topics: list[str], share: Share) -> ConsumerProtocolMemberAssignment:
    # The partitions are for people and their tools; what counts for us is the payload.
    tasks = [(topic, list(share.tasks)) for topic in topics] if share.tasks else []
    return ConsumerProtocolMemberAssignment(_VERSION, tasks, share.payload)
