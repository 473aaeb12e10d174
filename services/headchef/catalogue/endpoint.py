"""Turns a provider of the catalogue into an address and a credential, read from the environment or a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from headchef.catalogue.errors import BadCatalogue
from headchef.catalogue.model import Catalogue, Provider
from headchef.document import Fault

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is called, and with what credential.

    Attributes:
        base_url: the address before `/chat/completions`, without a slash at its end.
        api_key: None where the endpoint wants none.
        api_key_file: where the key was read, and may be read again; None if it came from the environment.
    """

    base_url: str
    api_key: SecretStr | None
    api_key_file: Path | None = None


def address_fault(written: str) -> str | None:
    """Say what is wrong with a base_url as it is written in the file, or None."""
    if "$" in _REFERENCE.sub("", written):
        return "a reference to the environment is written ${NAME} or ${NAME:-default}"
    return _url_fault(_REFERENCE.sub(lambda match: match[2] or "", written)) if _complete(written) else None


def resolve(catalogue: Catalogue, lane: str, environment: Mapping[str, str]) -> Endpoint:
    """Fill in a lane's address and read its credential.

    Args:
        catalogue: names the lane's provider.
        lane: a lane of the catalogue.
        environment: the variables that the catalogue may name.

    Raises:
        BadCatalogue: the lane is not there, or a variable or file that it names is missing or unusable.
            The message never holds the value of a variable or file.
    """
    if lane not in catalogue.lanes:
        known = ", ".join(catalogue.lanes)
        message = f"there is no lane {lane!r}; known are {known}: set HEADCHEF_EXECUTOR_LANE to one of them"
        raise BadCatalogue(catalogue.path, (Fault(0, "lanes", message),))
    provider = catalogue.lanes[lane].provider
    faults: list[Fault] = []
    base_url = _filled(provider, environment, faults)
    api_key = _api_key(provider, environment, faults)
    if faults:
        raise BadCatalogue(catalogue.path, tuple(faults))
    return Endpoint(base_url.rstrip("/"), api_key, provider.api_key_file if api_key else None)


def _filled(provider: Provider, environment: Mapping[str, str], faults: list[Fault]) -> str:
    field = f"providers.{provider.name}.base_url"
    missing = []

    def fill(match: re.Match[str]) -> str:
        value = environment.get(match[1], "") or match[2]
        if not value:
            missing.append(match[1])
        return value or ""

    base_url = _REFERENCE.sub(fill, provider.base_url)
    if missing:
        fault: str | None = f"environment variable {missing[0]} is not set; set it to the endpoint's address"
    else:
        fault = _url_fault(base_url)
    if fault:
        faults.append(Fault(provider.line, field, fault))
    return base_url


def _api_key(provider: Provider, environment: Mapping[str, str], faults: list[Fault]) -> SecretStr | None:
    field = f"providers.{provider.name}"
    key = None
    if provider.api_key_env:
        key = environment.get(provider.api_key_env, "").strip()
        if not key:
            fault = f"environment variable {provider.api_key_env} is not set; set it to the provider's API key"
            faults.append(Fault(provider.line, f"{field}.api_key_env", fault))
    elif provider.api_key_file:
        try:
            key = provider.api_key_file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            key = ""
        if not key:
            fault = f"{provider.api_key_file} cannot be read or is empty; it holds the provider's API key"
            faults.append(Fault(provider.line, f"{field}.api_key_file", fault))
    if key and not (key.isascii() and key.isprintable()):
        faults.append(Fault(provider.line, field, "the API key holds characters that cannot stand in an HTTP header"))
    return SecretStr(key) if key else None


def _complete(written: str) -> bool:
    return all(match[2] for match in _REFERENCE.finditer(written))


def _url_fault(url: str) -> str | None:
    right = "expected an address such as https://api.openai.com/v1"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return f"is not an address; {right}"
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        return f"is not an http or https address without query; {right}"
    if parts.username is not None or parts.password is not None:
        return "holds a credential; name it with api_key_env or api_key_file instead"
    return None
