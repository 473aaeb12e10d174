"""Reads from options what a tenant may spend, and by which entries its jobs come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from headchef_contracts.events.common import Money, Name
from headchef_contracts.events.tenants import TenantBudget, TenantSet

from headchef.cli.entries import checked
from headchef.cli.faults import WrongUsage

_name: TypeAdapter[str] = TypeAdapter(Name)
_money = TypeAdapter(Money)
_LIMITS = "--day-usd, --day-tokens, --month-usd or --month-tokens"
_ENTRIES = "--entry or --public"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options; None where one was not given.

    Attributes:
        tenant: whose budget it is.
        day_usd: US dollars a day, as they were written.
        day_tokens: tokens a day.
        month_usd: US dollars a month, as they were written.
        month_tokens: tokens a month.
        warn_at: shares, with commas between them.
        unlimited: the tenant is to have no budget.
        entries: by which its jobs come alone.
        public: its jobs come by the public topics.
    """

    tenant: str
    day_usd: str | None = None
    day_tokens: int | None = None
    month_usd: str | None = None
    month_tokens: int | None = None
    warn_at: str | None = None
    unlimited: bool = False
    entries: tuple[str, ...] = ()
    public: bool = False

    @property
    def says_all(self) -> bool:
        """Whether nothing of what was set before stays."""
        return self._says_budget and self._says_entries

    @property
    def _says_budget(self) -> bool:
        limits = (self.day_usd, self.day_tokens, self.month_usd, self.month_tokens, self.warn_at)
        return self.unlimited or any(each is not None for each in limits)

    @property
    def _says_entries(self) -> bool:
        return self.public or bool(self.entries)

    def event(self, by: str, now: datetime, before: TenantSet | None = None) -> TenantSet:
        """Say it as an event.

        Args:
            by: who says so.
            now: the time, UTC.
            before: what is set of the tenant, of which stays what the options do not name.

        Raises:
            WrongUsage: an option is wrong, or they do not go together.
        """
        try:
            _name.validate_python(self.tenant)
        except ValidationError as error:
            raise WrongUsage(
                f'the tenant "{self.tenant}" cannot be: a name has 1 to 200 characters, and no control characters'
            ) from error
        if self.public and self.entries:
            raise WrongUsage("--public takes all entries away", "give it alone, or give --entry")
        if not self._says_budget and not self._says_entries:
            raise WrongUsage(
                "nothing says what the tenant may spend, or by which entries its jobs come",
                f"give {_LIMITS}; or --unlimited; or {_ENTRIES}",
            )
        budget = self._budget() if self._says_budget else None
        entries = tuple(dict.fromkeys(checked("--entry", each) for each in self.entries))
        if before is not None:
            budget = budget if self._says_budget else before.budget
            entries = entries if self._says_entries else before.entries
        return TenantSet(tenant=self.tenant, budget=budget, entries=entries, by=by, set_at=now)

    def _budget(self) -> TenantBudget | None:
        limits: dict[str, Any] = {}
        for period, usd, tokens in (
            ("day", self.day_usd, self.day_tokens),
            ("month", self.month_usd, self.month_tokens),
        ):
            if usd is not None or tokens is not None:
                limits[period] = {"usd": _dollars(f"--{period}-usd", usd), "tokens": tokens}
        if self.unlimited and (limits or self.warn_at is not None):
            raise WrongUsage("--unlimited takes all limits away", f"give it alone, or give {_LIMITS}")
        if self.unlimited:
            return None
        if not limits:
            raise WrongUsage("nothing says what the tenant may spend", f"give {_LIMITS}; or --unlimited")
        shares: dict[str, Any] = {} if self.warn_at is None else {"warn_at": _shares(self.warn_at)}
        try:
            return TenantBudget(**limits, **shares)
        except ValidationError as error:
            raise WrongUsage(f"--warn-at: {_right(error)}") from error


def _dollars(option: str, text: str | None) -> object:
    if text is None:
        return None
    try:
        return _money.validate_python(text)
    except ValidationError as error:
        raise WrongUsage(f'{option}: "{text}" is no amount; write US dollars as 12.50') from error


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise WrongUsage(f'--warn-at: "{text}" are no shares; write 0.5,0.8 for 50 % and 80 %') from error


def _right(error: ValidationError) -> str:
    message = error.errors(include_url=False)[0]["msg"]
    return message if message.startswith("each") else "each share must be above 0, and 1 at most"
