"""Where the cache keeps points beside its answers: on the server of the answers if there is one, else in a folder."""

from headchef.cache.settings import CacheSettings
from headchef.qdrant.points import PointsForm, PointStore


def points_of(settings: CacheSettings, namespace: str, name: str, form: PointsForm) -> PointStore:
    """Choose the store; nothing is opened or made yet.

    Args:
        settings: of the cache.
        namespace: keeps environments apart that share a server or a machine.
        name: of the collection among those of the cache.
        form: how points lie in it.
    """
    if settings.qdrant_url is None:
        from headchef.qdrant.embedded_points import EmbeddedPoints

        return EmbeddedPoints(settings.folder / namespace / name, form)
    # The client takes two seconds and 80 MB to load, which the embedded store must not cost.
    from headchef.qdrant.server import QdrantServer
    from headchef.qdrant.server_points import ServerPoints

    server = QdrantServer(
        url=str(settings.qdrant_url),
        grpc_port=settings.qdrant_grpc_port,
        api_key=settings.qdrant_api_key,
        collection=f"{settings.collection or namespace}.{name}",
        open_timeout_s=settings.open_timeout_s,
        lookup_timeout_s=settings.lookup_timeout_s,
        put_timeout_s=settings.put_timeout_s,
    )
    return ServerPoints(server, form)
