"""A store of bodies in memory, which can be told to be away."""

from headchef_contracts.events.common import Reference

from headchef.bodies import BodyUnusable, StoreAway


class MemoryBodyStore:
    """Passes the same behaviour suite as the real ones.

    Attributes:
        objects: what lies there, by tenant and hash.
        away: while set, every call fails.
        calls: names of the calls, also of those that failed.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.away = False
        self.calls: list[str] = []

    async def put(self, tenant: str, reference: Reference, data: bytes) -> None:
        self._call("put")
        self.objects[tenant, reference.sha256] = data

    async def get(self, tenant: str, reference: Reference) -> bytes:
        self._call("get")
        if (data := self.objects.get((tenant, reference.sha256))) is None:
            raise BodyUnusable("body_missing", f"{reference.sha256} is not there")
        return data

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.away:
            raise StoreAway("away")
