"""Looks at tenants that are typed, wherever an option or an argument takes one."""

import typer


def tenant_named(value: str | None) -> str | None:
    """Give what was typed; as the callback of an option or an argument.

    Args:
        value: a tenant; None where none was typed.

    Raises:
        BadParameter: nothing, or nothing but blanks, was typed: an unset variable of a script, most often.
    """
    if value is not None and not value.strip():
        raise typer.BadParameter(f'"{value}" names no tenant: give its name, as its jobs do')
    return value
