"""Qdrant as all that keep something there use it: a folder that one process owns, or a server over gRPC."""
