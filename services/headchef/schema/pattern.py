"""A regular expression that takes time in proportion to the text: another door to the engine of jsonschema-rs."""

from functools import lru_cache

import jsonschema_rs

from headchef.runtime.errors import HeadchefError

_MAX_COMPILED_BYTES = 1_000_000


class PatternRefused(HeadchefError):
    """A regular expression that cannot be used; the message says why."""


class Pattern:
    """A compiled regular expression, without look-around and references back, so that no text makes it slow.

    Args:
        validator: a schema with this pattern alone, compiled.
    """

    def __init__(self, validator: jsonschema_rs.Validator) -> None:
        self._validator = validator

    @staticmethod
    @lru_cache(maxsize=1_000)
    def of(source: str) -> "Pattern":
        """Compile an expression; the last thousand are kept.

        Args:
            source: as JSON Schema writes patterns.

        Raises:
            PatternRefused: it is none, is too large, or is of the kind that can be slow.
        """
        options = jsonschema_rs.RegexOptions(size_limit=_MAX_COMPILED_BYTES)
        try:
            validator = jsonschema_rs.validator_for({"pattern": source}, pattern_options=options)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise PatternRefused(
                "is no regular expression of the kind without look-around and references back, or too large"
            ) from error
        return Pattern(validator)

    def is_in(self, text: str) -> bool:
        """Say whether it matches somewhere in a text."""
        return bool(self._validator.is_valid(text))
