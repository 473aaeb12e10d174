"""The cluster's settings: their names in the environment, secrets in files, and what does not go together."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from headchef.runtime.log.kafka.settings import KafkaSettings

SASL = {
    "HEADCHEF_KAFKA": "kafka-1:9093,kafka-2:9093",
    "HEADCHEF_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "HEADCHEF_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "HEADCHEF_KAFKA_SASL_USERNAME": "headchef",
}


def loaded(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> KafkaSettings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return KafkaSettings.model_validate({})


def test_the_address_is_all_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {"HEADCHEF_KAFKA": "localhost:9092"})
    assert settings.bootstrap == "localhost:9092"
    assert settings.security_protocol == "PLAINTEXT"
    assert settings.password() is None


def test_a_missing_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADCHEF_KAFKA", raising=False)
    with pytest.raises(ValidationError, match="HEADCHEF_KAFKA"):
        loaded(monkeypatch, {})


def test_a_password_from_the_environment_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {**SASL, "HEADCHEF_KAFKA_SASL_PASSWORD": "made-up"})
    assert settings.password() == "made-up"
    assert "made-up" not in repr(settings)


def test_a_password_from_a_file_loses_its_line_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("made up \n")
    settings = loaded(monkeypatch, {**SASL, "HEADCHEF_KAFKA_SASL_PASSWORD_FILE": str(secret)})
    assert settings.password() == "made up "


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        (SASL, "HEADCHEF_KAFKA_SASL_PASSWORD"),
        ({**SASL, "HEADCHEF_KAFKA_SASL_PASSWORD_FILE": "/no/such/file"}, "HEADCHEF_KAFKA_SASL_PASSWORD_FILE"),
        (
            {"HEADCHEF_KAFKA": "k:1", "HEADCHEF_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
            "HEADCHEF_KAFKA_SASL_USERNAME",
        ),
        ({"HEADCHEF_KAFKA": "k:1", "HEADCHEF_KAFKA_SASL_USERNAME": "me"}, "HEADCHEF_KAFKA_SECURITY_PROTOCOL"),
        ({"HEADCHEF_KAFKA": "k:1", "HEADCHEF_KAFKA_SSL_KEY_FILE": "/key"}, "HEADCHEF_KAFKA_SSL_CERTIFICATE_FILE"),
        ({"HEADCHEF_KAFKA": "k:1", "HEADCHEF_KAFKA_SSL_CA_FILE": "/no/ca"}, "HEADCHEF_KAFKA_SSL_CA_FILE"),
    ],
)
def test_what_does_not_go_together_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: str
) -> None:
    with pytest.raises(ValidationError, match=named):
        loaded(monkeypatch, environment)
