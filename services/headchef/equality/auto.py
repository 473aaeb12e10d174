"""The judge where none is named: JSON field by field, all else by its words."""

from headchef.equality.fields import Fields, json_alone
from headchef.equality.port import Different, Instruments, Judge, Opinion
from headchef.equality.text import Text

_FIELDS, _TEXT = Fields(), Text()


class Auto(Judge):
    """JSON objects and arrays, with nothing around them, are compared as `fields` does, all else as `text` does."""

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Look what they are."""
        are_json = (json_alone(one), json_alone(other))
        if all(are_json):
            return await _FIELDS.compared(one, other, instruments)
        if any(are_json):
            return Different("one is JSON, and the other is not")
        return await _TEXT.compared(one, other, instruments)
