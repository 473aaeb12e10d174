"""The dialects that providers speak, one file each, and the table of them. A new one is a file and a line here."""

from collections.abc import Callable, Mapping

from headchef.catalogue import Provider
from headchef.catalogue.form import DialectName
from headchef.executor.dialects.anthropic import Anthropic
from headchef.executor.dialects.gemini import Gemini
from headchef.executor.dialects.openai import OpenAI
from headchef.executor.dialects.port import Dialect

DIALECTS: Mapping[DialectName, Callable[[Provider], Dialect]] = {
    "openai": OpenAI,
    "anthropic": Anthropic,
    "gemini": Gemini,
}
"""What speaks a dialect to an account, by the name that the catalogue gives the dialect."""

__all__ = ["DIALECTS", "Dialect"]
