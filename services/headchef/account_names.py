"""Joins the parts of the name of an account, and takes it apart: no two accounts share a name. Pure."""


def joined(*parts: str) -> str:
    """Join parts with a / between; a / in one of them is escaped, and so is what escapes it."""
    return "/".join(escaped(part) for part in parts)


def escaped(part: str) -> str:
    """Give a part of a name without any /."""
    return part.replace("%", "%25").replace("/", "%2F")


def read(part: str) -> str:
    """Give what `escaped` was given."""
    return part.replace("%2F", "/").replace("%25", "%")
