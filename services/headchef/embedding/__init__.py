"""Turns texts into vectors: a port, and the ways to do it."""

from headchef.embedding.errors import EmbedderMissing, EmbeddingFailed
from headchef.embedding.hashed import HashedEmbedder
from headchef.embedding.port import Embedder, Vector

__all__ = ["Embedder", "EmbedderMissing", "EmbeddingFailed", "HashedEmbedder", "Vector"]
