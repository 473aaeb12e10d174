"""Decides who may claim a tenant: records of the entries that it is bound to, which Kafka's ACLs guard. Pure."""

from headchef_contracts import topics
from headchef_contracts.events.jobs import RefusalReason

from headchef.router.refusal import Refused
from headchef.router.submission import Submission
from headchef.tenants import TenantsInForce

NOT_ALLOWED: RefusalReason = "tenant_not_allowed"

_DEFAULT = "default"
"""The contract's, for a job that names none; whoever names one that cannot be read must not count as this one's."""


def check_claim(submission: Submission, topic: str, tenants: TenantsInForce) -> None:
    """See whether a record may claim the tenant that it names.

    Args:
        submission: what could be read of the record.
        topic: logical name of the one in which it lies.
        tenants: says who is bound to what.

    Raises:
        Refused: a tenant that is bound to entries comes by another, or one that is not bound to this entry comes by it.
    """
    tenant = _DEFAULT if submission.tenant is None else submission.tenant
    entries, entry = tenants.entries_of(tenant), topics.entry_of(topic)
    if entries is None:
        said = f"what is set of the tenant {tenant!r} was written by a newer release than this router's, so nobody may"
        raise Refused(NOT_ALLOWED, "tenant", f"{said} claim it: upgrade routers, or set it anew")
    if entries and entry not in entries:
        doors = " or ".join(map(topics.door, sorted(entries)))
        said = f"jobs of the tenant {tenant!r} are not taken from {topic}"
        raise Refused(NOT_ALLOWED, "tenant", f"{said}: publish them to {doors}, or name another tenant")
    if not entries and entry is not None:
        said = f"the tenant {tenant!r} is not bound to the entry {entry!r}: publish its jobs to {topics.door(None)}"
        raise Refused(NOT_ALLOWED, "tenant", f"{said}, or name a tenant that is")
