"""One dead letter: the untouched bytes of a record, and what its headers say about why it died."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from headchef.runtime.log.port import Record

_SHOWN_BYTES = 60


@dataclass(frozen=True, slots=True)
class Letter:
    """A record of a dead-letter topic.

    Attributes:
        topic: logical name, such as `jobs.submitted.dlq`.
        record: as it lies in the log.
    """

    topic: str
    record: Record

    @property
    def place(self) -> str:
        """Name the letter as `dlq show` takes it."""
        return f"{self.topic}:{self.record.partition}:{self.record.offset}"

    @property
    def reason(self) -> str:
        """Give the machine-readable reason."""
        return self.header("headchef-reason") or "unknown"

    @property
    def field(self) -> str | None:
        """Give the field at fault, or None for the whole record."""
        return self.header("headchef-field") or None

    @property
    def message(self) -> str:
        """Give what was wrong, in words."""
        return self.header("kafka_exception-message") or ""

    @property
    def died_at(self) -> str:
        """Give when it died, as text; the log's own time if the headers do not say."""
        said = self.header("headchef-dead-at")
        return said or datetime.fromtimestamp(self.record.timestamp_ms / 1000, UTC).isoformat()

    @property
    def source(self) -> str:
        """Name the record that this was."""
        parts = [self.header(f"kafka_original-{name}") or "?" for name in ("topic", "partition", "offset")]
        return f"{parts[0]}[{parts[1]}]@{parts[2]}"

    @property
    def value(self) -> bytes:
        """Give the untouched bytes."""
        return self.record.value or b""

    def header(self, name: str) -> str | None:
        """Give the newest header of a name: a letter that died twice has two."""
        for key, value in reversed(self.record.headers):
            if key == name:
                return (value or b"").decode("utf-8", "replace")
        return None

    def in_words(self) -> str:
        """Say what was wrong, in a line."""
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.message}"

    def as_json(self) -> dict[str, Any]:
        """Give everything as JSON; bytes that are not UTF-8 as hexadecimal digits."""
        value: dict[str, str] = {}
        try:
            value["text"] = self.value.decode()
        except UnicodeDecodeError:
            value["hex"] = self.value.hex()
        return {
            "place": self.place,
            "reason": self.reason,
            "field": self.field,
            "message": self.message,
            "died_at": self.died_at,
            "source": self.source,
            "key": None if self.record.key is None else self.record.key.decode("utf-8", "replace"),
            "bytes": len(self.value),
            "value": value,
            "headers": {name: (data or b"").decode("utf-8", "replace") for name, data in self.record.headers},
        }


def shown(value: bytes) -> str:
    """Show bytes as text if they are text, else as a dump of hexadecimal digits."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        lines = []
        for start in range(0, len(value), 16):
            part = value[start : start + 16]
            text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
            lines.append(f"{start:08x}  {part.hex(' '):<47}  {text}")
        return "\n".join(lines)


def excerpt(value: bytes) -> str:
    """Show the beginning of bytes on one line."""
    text = " ".join(value[: _SHOWN_BYTES * 2].decode("utf-8", "replace").split())[:_SHOWN_BYTES]
    return f"{text}…" if len(value) > len(text.encode()) else text
