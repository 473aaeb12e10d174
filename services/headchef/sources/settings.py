"""What reading sources can be told: hosts of one's own network, and how many requests at once."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from headchef.sources.address import host_of


class SourceSettings(BaseSettings):
    """Settings of sources, from `HEADCHEF_SOURCES_*`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="HEADCHEF_SOURCES_", extra="ignore")

    private_hosts: str | None = Field(
        default=None,
        description="hosts that may have IP addresses that are not public, such as pim.internal,127.0.0.1, without"
        " ports; a workflow must allow them too. By default none: workflows must not reach into your network",
    )
    per_host: int = Field(
        default=4, ge=1, le=1_000, description="requests at once to one host, from one process; others wait"
    )

    @field_validator("private_hosts")
    @classmethod
    def _hosts(cls, text: str | None) -> str | None:
        for host, port in map(host_of, _parts(text)):
            if port is not None:
                raise ValueError(f"{host}:{port} has a port; leave it out")
        return text

    def private(self) -> frozenset[str]:
        """Give the hosts one by one, as they go over the wire."""
        return frozenset(host_of(entry)[0] for entry in _parts(self.private_hosts))


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
