"""Makes the event by which a batch is paused, with what speaks against it."""

from headchef_contracts.events.batches import CountedReason
from headchef_contracts.events.brakes import MAX_BECAUSE, BrakeScope, BrakeSet, brake_of
from headchef_contracts.events.common import Decided

from headchef.batches.account import Account
from headchef.batches.reasons import cut, in_words

_BY = "headchef.batches"
_NAMED = 3
_REASON_CHARACTERS = 130


def scope_of(tenant: str, batch_id: str) -> BrakeScope:
    """Give the scope that holds for one tenant's batch."""
    return BrakeScope(tenant=tenant, batch_id=batch_id)


def of_pause(account: Account, decided: Decided) -> BrakeSet:
    """Say that a batch pauses, with its rate and its most frequent reasons.

    Args:
        account: of the batch, as it is now.
        decided: from what.
    """
    scope = scope_of(account.tenant, account.batch_id)
    return BrakeSet(
        brake=brake_of("pause", scope),
        action="pause",
        scope=scope,
        because=cut(_because(account), MAX_BECAUSE),
        by=_BY,
        set_at=decided.at,
        decided=decided,
    )


def _because(account: Account) -> str:
    window = account.window
    since = "" if window.since is None else " since it was resumed"
    rate = (
        f"{window.bad:,} of {window.answers:,} answers{since} were rejected or failed, and {account.max_reject_rate:g}"
    )
    named = "; ".join(_named(each) for each in account.reasons[:_NAMED])
    return f"{rate} of them may be" + (f"; most often {named}" if named else "")


def _named(reason: CountedReason) -> str:
    jobs = "1 job" if reason.jobs == 1 else f"{reason.jobs:,} jobs"
    return cut(f"{in_words(reason)} ({jobs}): {reason.message}", _REASON_CHARACTERS)
