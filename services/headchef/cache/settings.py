"""Settings of the cache: where answers are kept, for how long, and how long a step may wait for them."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AnyHttpUrl, Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _data_folder() -> Path:
    # https://specifications.freedesktop.org/basedir-spec: an empty or relative value counts as unset.
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".local" / "share") / "headchef"


class CacheSettings(BaseSettings):
    """How the cache works; `HEADCHEF_CACHE_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_CACHE_", frozen=True, extra="ignore")

    folder: Path = Field(
        default_factory=_data_folder,
        description="of the embedded store, which makes `<namespace>/answers` in it; one process may use it",
    )
    qdrant_url: AnyHttpUrl | None = Field(
        default=None, description="of a Qdrant server, such as http://localhost:6333; unset: the embedded store"
    )
    qdrant_grpc_port: int = Field(default=6334, ge=1, le=65535, description="of the same host; Qdrant's own default")
    qdrant_api_key: SecretStr | None = Field(default=None, description="if the server asks for one")
    collection: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,200}$")] | None = Field(
        default=None, description="on the server; `<namespace>.answers` if unset, so that namespaces share nothing"
    )
    ttl_s: float | None = Field(
        default=None, gt=0, description="seconds that an answer serves from its verdict on; unset: for ever"
    )
    max_answers: int = Field(
        default=500_000,
        ge=100,
        le=100_000_000,
        description="that are kept, 2 to 4 KB each; beyond, those go that have expired, then those worth least",
    )
    open_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="for a server to say whether it has the collection, or make it"
    )
    lookup_timeout_s: float = Field(
        default=0.5, gt=0, le=30, description="for a server's answer: 50 times the usual, a tenth of a model call"
    )
    put_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="for a server to store; larger, as nobody waits for it but the offset"
    )
    embed_timeout_s: float = Field(
        default=3.0, gt=0, le=60, description="for the free texts of a batch of steps to become vectors; steps wait"
    )
    judge_timeout_s: float = Field(
        default=2.0, gt=0, le=60, description="for judges to compare the fresh answers of a batch with earlier ones"
    )
    retry_first_s: float = Field(
        default=1.0, gt=0, le=60, description="until a store that failed is tried again; steps are not delayed"
    )
    retry_longest_s: float = Field(
        default=30.0, gt=0, le=3600, description="the wait doubles up to this; answers are not reused that much longer"
    )
    wait_s: float = Field(
        default=60.0, gt=0, le=86_400, description="that a step of an interactive job waits for the same question"
    )
    bulk_wait_s: float = Field(
        default=7200.0, gt=0, le=604_800, description="that a step of a bulk job does, whose question may stand in line"
    )
    max_leaders: int = Field(
        default=100_000, ge=0, description="questions being asked that are remembered, to be waited for; 500 bytes each"
    )
    fresh_s: float = Field(
        default=2.0,
        ge=1,
        le=60,
        description="earlier answers serve for so long after the last look at `cache.invalidated` that all of it has"
        " been read; then steps go to their models. It is looked at twice a second",
    )
    batch: int = Field(default=256, ge=1, le=1000, description="records handled, looked up and stored together")

    @field_validator("qdrant_url", "qdrant_api_key", "collection", "ttl_s", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        # What a compose file passes on from an unset variable is an empty text.
        return None if value == "" else value
