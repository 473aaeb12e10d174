"""What an executor can be told: its lane, how many calls at once, time-outs, retries, and the catalogue."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from headchef.catalogue import DEFAULT_PATH


class Settings(BaseSettings):
    """Settings of the executor, from `HEADCHEF_EXECUTOR_*` and `HEADCHEF_CATALOGUE`."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="HEADCHEF_EXECUTOR_", extra="ignore", populate_by_name=True
    )

    catalogue: Path = Field(
        default=DEFAULT_PATH,
        validation_alias="HEADCHEF_CATALOGUE",
        description="file with models, lanes and prices, in force until one is published; the packaged one knows the"
        " simulated model only",
    )
    lane: str = Field(
        default="default",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="lane to serve, of the catalogue: part of the names of topic and group",
    )
    concurrency: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="calls in flight in this process; 64 fill a core while answers take up to 25 ms, slow models need"
        " more: calls a second are this number divided by the seconds of an answer",
    )
    kept_places: float = Field(
        default=0.1,
        ge=0,
        le=0.9,
        description="part of the calls at once, in this process and in the lane's quota, that bulk leaves free for"
        " interactive calls to begin at once; where calls at once are what limits, bulk alone is so much slower",
    )
    most_held: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="steps of a task that are kept aside while they are paused, in memory, a few kB each; beyond,"
        " paused steps hold up those behind them",
    )
    connect_timeout_s: float = Field(
        default=5, gt=0, le=120, description="seconds for a connection; a healthy endpoint needs a tenth of one"
    )
    call_timeout_s: float = Field(
        default=100, gt=0, le=3600, description="seconds for a whole call; below the runtime's drain time-out of 120 s"
    )
    max_attempts: int = Field(
        default=4, ge=1, le=20, description="failed calls of a step before it fails; 429s are not counted"
    )
    retry_window_s: float = Field(
        default=300,
        ge=0,
        le=86_400,
        description="seconds in which a step may be tried again; not those waited for 429s",
    )
    max_response_bytes: int = Field(
        default=1_048_576,
        ge=1024,
        le=1_048_576,
        description="larger answers fail as too_large; with prompt and schema they must fit into the 4 MiB of a topic",
    )
