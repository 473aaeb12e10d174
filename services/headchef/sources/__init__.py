"""Sources of data: one document is fetched over HTTP, from a host that is named, at an address that is public."""
