"""How to reach the Kafka cluster: address, security, credentials and time bounds."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_MAX_PORT = 65_535


class KafkaSettings(BaseSettings):
    """One cluster; `HEADCHEF_KAFKA` is its address, the rest `HEADCHEF_KAFKA_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_KAFKA_", frozen=True, extra="ignore", populate_by_name=True)

    bootstrap: str = Field(
        validation_alias="HEADCHEF_KAFKA",
        min_length=1,
        description="one or more `host:port`, separated by commas; any broker leads to all",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="as the broker's listener has it"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="how user name and password are proved; SCRAM never sends the password"
    )
    sasl_username: str | None = Field(default=None, description="who we are, for the SASL protocols")
    sasl_password: SecretStr | None = Field(default=None, description="the password, unless it is in a file")
    sasl_password_file: Path | None = Field(
        default=None, description="file with the password, as container platforms mount secrets; read at start"
    )
    ssl_ca_file: Path | None = Field(default=None, description="PEM of who signed the brokers; default: the system's")
    ssl_certificate_file: Path | None = Field(default=None, description="PEM of our own certificate, for mutual TLS")
    ssl_key_file: Path | None = Field(default=None, description="PEM of the certificate's private key")
    request_timeout_s: float = Field(
        default=30, ge=1, le=600, description="for one answer of the broker; a join may take a session longer"
    )
    transaction_timeout_s: float = Field(
        default=15, ge=1, le=900, description="a dead owner's transaction blocks readers for this and up to 10 s more"
    )
    delivery_timeout_s: float = Field(
        default=30, ge=1, le=3600, description="a record not acknowledged by then is reported, and may be sent again"
    )
    fetch_wait_s: float = Field(
        default=0.1,
        ge=0.005,
        le=5,
        description="how long the broker holds an empty fetch; a partition polled anew can wait this long behind it",
    )
    batch_bytes: int = Field(
        default=131_072,
        ge=1024,
        le=1_048_576,
        description="largest batch; far below any topic's max.message.bytes, so that a record too large fails alone",
    )
    idempotence: bool = Field(
        default=True, description="false only for brokers that keep no producer ids: no transactions, at least once"
    )

    @field_validator("bootstrap")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for address in value.split(","):
            host, _, port = address.strip().rpartition(":")
            if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= _MAX_PORT:
                raise ValueError(f"{address.strip()!r} is not host:port")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        sasl = self.security_protocol.startswith("SASL")
        if sasl and self.sasl_username is None:
            raise ValueError(f"HEADCHEF_KAFKA_SASL_USERNAME must be set for {self.security_protocol}")
        if sasl and (self.sasl_password is None) == (self.sasl_password_file is None):
            raise ValueError(
                "set one of HEADCHEF_KAFKA_SASL_PASSWORD and HEADCHEF_KAFKA_SASL_PASSWORD_FILE"
                f" for {self.security_protocol}"
            )
        if not sasl and self.sasl_username is not None:
            raise ValueError(
                f"HEADCHEF_KAFKA_SASL_USERNAME has no meaning for {self.security_protocol}:"
                " set HEADCHEF_KAFKA_SECURITY_PROTOCOL to SASL_SSL or SASL_PLAINTEXT"
            )
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError("HEADCHEF_KAFKA_SSL_CERTIFICATE_FILE and HEADCHEF_KAFKA_SSL_KEY_FILE go together")
        for name in ("sasl_password_file", "ssl_ca_file", "ssl_certificate_file", "ssl_key_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"HEADCHEF_KAFKA_{name.upper()}: no file {path}")
        return self

    def password(self) -> str | None:
        """Give the password from the setting or its file, without the line end that editors add."""
        if self.sasl_password_file is not None:
            return self.sasl_password_file.read_text(encoding="utf-8").rstrip("\r\n")
        return None if self.sasl_password is None else self.sasl_password.get_secret_value()
