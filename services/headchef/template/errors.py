"""What filling a template can come to beside a text."""

from headchef.runtime.errors import HeadchefError


class TemplateRefused(HeadchefError):
    """A template that is wrong, names a value that is not given, or does too much; the message begins with the line."""
