"""Where large bodies lie, and from which size on a body is large; read from the environment."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BodiesSettings(BaseSettings):
    """The object store of bodies; `HEADCHEF_BODIES`, and `HEADCHEF_BODIES_` with the field's name in capitals.

    The same for the router, the executors, the validator, functions, fetchers, retrievers and the command line.
    """

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_BODIES_", frozen=True, extra="ignore", populate_by_name=True)

    url: str | None = Field(
        default=None,
        validation_alias="HEADCHEF_BODIES",
        description="where large bodies lie: file:///folder, s3://bucket/prefix, gs://bucket/prefix or"
        " az://container/prefix; credentials come from the environment as the store's own tools read them. Unset: all"
        " bodies are in the events, and must fit",
    )
    inline_bytes: int = Field(
        default=262_144, ge=1_024, le=1_000_000, description="larger bodies lie in the store, and events name them"
    )
    kept_bytes: int = Field(
        default=67_108_864, ge=0, description="of bodies that a process keeps in memory, so as not to read them again"
    )
    timeout_s: float = Field(
        default=30, gt=0, le=600, description="seconds for one request to the store; later it counts as away"
    )

    @field_validator("url", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        # What a compose file passes on from an unset variable is an empty text.
        return None if value == "" else value
