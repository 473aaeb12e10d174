"""Settings that every processor shares: where it is in the world, what it guarantees, how much it holds."""

import tempfile
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Guarantee = Literal["exactly_once", "at_least_once"]

AfterLoss = Literal["halt", "earliest"]
"""What to do when unread records have expired: end, or name them and go on with the earliest that is left."""


class BadSettings(Exception):
    """A setting that cannot be used.

    Args:
        field: the environment variable, or the option of the command line.
        message: what is wrong, and what would be right.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


Settings = TypeVar("Settings", bound=BaseSettings)


def load(settings: type[Settings]) -> Settings:
    """Read settings from the environment.

    Raises:
        BadSettings: naming the environment variable at fault and what would be right; values are not repeated, since
            they may be secrets.
    """
    try:
        return settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        by_name = settings.model_fields.get(name)
        variable = f"{settings.model_config.get('env_prefix', '')}{name}".upper() if by_name is not None else name
        by_alias = (each for each in settings.model_fields.values() if each.validation_alias == name)
        field = by_name or next(by_alias, None)
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            message = "must be set"
        description = None if field is None else field.description
        raise BadSettings(variable or "settings", f"{message} ({description})" if description else message) from None


class RuntimeSettings(BaseSettings):
    """How the runtime runs a processor; `HEADCHEF_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_", frozen=True, extra="ignore")

    namespace: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9-]{0,40}$")] = Field(
        default="headchef", description="first part of all topics, groups and transactional ids"
    )
    processing_guarantee: Guarantee = Field(
        default="exactly_once", description="at_least_once where the broker has no transactions; never chosen silently"
    )
    instance: str | None = Field(
        default=None, description="static member id; by default host name and the lowest free slot on this machine"
    )
    lock_dir: Path = Field(
        default=Path(tempfile.gettempdir()) / "headchef", description="where slots are locked, so that ids are unique"
    )
    session_timeout_s: float = Field(
        default=10, ge=1, le=300, description="a silent member loses its tasks after this; brokers refuse below 6"
    )
    heartbeat_s: float = Field(
        default=0.5, gt=0, le=10, description="how soon a member hears of a new round: the pause of a hand-over"
    )
    commit_interval_s: float = Field(
        default=0.002, ge=0.0005, le=5, description="least pause after a commit; in less than 2 ms the next waits 20 ms"
    )
    commit_gather_s: float = Field(
        default=0.1, ge=0, le=5, description="longest pause after a commit: the busier the log, the fewer commits"
    )
    commit_max_records: int = Field(default=1000, ge=1, le=10_000, description="larger batches took over a second")
    commit_max_bytes: int = Field(default=1_048_576, ge=1024, description="of outputs in one transaction")
    buffer_records: int = Field(
        default=1000, ge=1, le=100_000, description="records of a class a task holds before it is not polled for more"
    )
    bulk_share: float = Field(
        default=0.1,
        ge=0.01,
        le=0.5,
        description="of what begins while interactive and bulk work wait: bulk never starves",
    )
    drain_timeout_s: float = Field(
        default=120, gt=0, description="for work in flight when a task is given back; longer than the longest call"
    )
    after_loss: AfterLoss = Field(
        default="halt", description="when unread records have expired: end, or name them and go on with the earliest"
    )
    backlog_look_s: float = Field(
        default=10, ge=0.1, le=3600, description="between two looks at how old the oldest unfinished records are"
    )
    dead_letters_in_a_row: int = Field(
        default=100, ge=0, le=1_000_000, description="of a partition of an internal topic before it halts; 0: no limit"
    )
    dead_letters_share: float = Field(
        default=0.5, ge=0, le=1, description="of the window's records that may be dead letters; 0: no limit"
    )
    dead_letters_window: int = Field(
        default=1000,
        ge=10,
        le=100_000,
        description="records that the share is of: enough for a share to mean something",
    )
    health_host: str = Field(default="127.0.0.1", description="address that liveness and readiness answer on")
    health_port: int | None = Field(default=None, ge=0, le=65535, description="0 picks a free one; unset: no server")
