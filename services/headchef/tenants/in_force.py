"""What each tenant may spend, and by which entries its jobs come, as this process knows it from its broadcast."""

import logging

from headchef_contracts.events.common import Event
from headchef_contracts.events.tenants import TenantBudget, TenantSet

from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent

_log = logging.getLogger(__name__)

TOPIC = "tenants"
_PUBLIC: frozenset[str] = frozenset()


class TenantsInForce:
    """Takes up what operators say of tenants.

    An entry that cannot be read, as a newer release wrote it, must not let a tenant spend without a bound: what was set
    before stays in force, and where nothing was, the tenant may spend nothing. Nor must it let anybody claim a tenant
    that is bound to an entry: what was set before holds on too, and where nothing was, nobody may claim the tenant.

    Args:
        processor: for the log.
    """

    def __init__(self, processor: str) -> None:
        self._processor = processor
        self._budgets: dict[str, TenantBudget] = {}
        self._entries: dict[str, frozenset[str]] = {}
        self._unreadable: dict[str, str] = {}

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take, refused=self.shut)

    def __bool__(self) -> bool:
        """Whether any tenant has a budget."""
        return bool(self._budgets or self._unreadable)

    def is_bounded(self, tenant: str) -> bool:
        """Say whether a tenant has a budget, or one that cannot be read."""
        return tenant in self._budgets or tenant in self._unreadable

    def budget_of(self, tenant: str) -> TenantBudget | None:
        """Give a tenant's budget; None where it has none, or none that can be read."""
        return self._budgets.get(tenant)

    def entries_of(self, tenant: str) -> frozenset[str] | None:
        """Give the entries by which a tenant's jobs come; empty for the public one, None where that cannot be read."""
        if (entries := self._entries.get(tenant)) is not None:
            return entries
        return None if tenant in self._unreadable else _PUBLIC

    def shut_by(self, tenant: str) -> str | None:
        """Say why a tenant may spend nothing, as its entry cannot be read; None where that is not so."""
        return self._unreadable.get(tenant)

    async def take(self, event: Event) -> None:
        """Heed what was said of a tenant from now on.

        Raises:
            InvalidEvent: it is something else.
        """
        if not isinstance(event, TenantSet):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of TenantSet")
        self._unreadable.pop(event.tenant, None)
        self._entries[event.tenant] = frozenset(event.entries)
        if event.budget is None:
            self._budgets.pop(event.tenant, None)
        else:
            self._budgets[event.tenant] = event.budget
        _log.info(
            "%s: tenant %r, set by %s: %s, entries: %s",
            *(self._processor, event.tenant, event.by, "no budget" if event.budget is None else event.budget),
            ", ".join(event.entries) or "the public one",
        )

    async def shut(self, key: bytes | None, message: str) -> None:
        """Let a tenant whose entry cannot be read spend nothing, unless there is a budget that was read before."""
        tenant = (key or b"").decode(errors="replace")
        if tenant and tenant not in self._budgets:
            self._unreadable[tenant] = message
