"""Reads from options what a brake is to hold for: a tenant, a batch, a lane, a label or a job."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from headchef_contracts.events.brakes import BrakeScope

from headchef.cli.faults import WrongUsage

_DEFAULT_TENANT = "default"
_OPTIONS = "--tenant, --batch, --lane, --label or --job"


@dataclass(frozen=True, slots=True)
class Scoped:
    """The options that name a scope; None where one was not given.

    Attributes:
        tenant: alone, or beside `job` or `batch`.
        batch: a batch id; of every tenant, where none is given.
        lane: a lane of the catalogue.
        label: `name=value`.
        job: a job id.
    """

    tenant: str | None
    batch: str | None
    lane: str | None
    label: str | None
    job: str | None

    def scope(self) -> BrakeScope:
        """Give the scope that they name.

        Raises:
            WrongUsage: they name none, several, or one that cannot be.
        """
        given = {
            "--tenant": self.tenant if self.job is None and self.batch is None else None,
            "--batch": self.batch,
            "--lane": self.lane,
            "--label": self.label,
            "--job": self.job,
        }
        named = [option for option, value in given.items() if value is not None]
        if not named:
            raise WrongUsage("nothing says what is meant", f"give one of {_OPTIONS}")
        if len(named) > 1:
            raise WrongUsage(f"{' and '.join(named)} cannot be given together", f"give one of {_OPTIONS}")
        try:
            return BrakeScope(**self._fields())
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            raise WrongUsage(f'{named[0]}: "{given[named[0]]}" cannot be: {message}') from error

    def _fields(self) -> dict[str, Any]:
        if self.job is not None:
            return {"tenant": _DEFAULT_TENANT if self.tenant is None else self.tenant, "job_id": self.job}
        if self.label is None:
            return {"tenant": self.tenant, "batch_id": self.batch, "lane": self.lane}
        name, equals, value = self.label.partition("=")
        if not (name and equals):
            raise WrongUsage(
                f'--label: "{self.label}" is not a label', "give its name and its value: --label team=blue"
            )
        return {"labels": {name: value}}
