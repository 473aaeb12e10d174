"""Templates: what is refused at once, and what a row must have."""

import pytest

from headchef.cli.faults import WrongUsage
from headchef.cli.submission.templates import BadTemplate, compile_template


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("a\n{{ input.x", "p.j2, line 2"),
        ("{% if %}", "p.j2, line 1"),
        ("a\n{{ name }}", 'line 2: "name" is not known; the row is called input'),
    ],
)
def test_a_template_that_cannot_work_is_refused(source: str, part: str) -> None:
    with pytest.raises(WrongUsage) as raised:
        compile_template(source, "p.j2")
    assert part in raised.value.message


@pytest.mark.parametrize(
    "source",
    [
        "{{ input.a }}",
        '{{ input["a"] }}',
        "{% if input.b is defined %}{{ input.b }}{% endif %}",
        '{{ input.b | default("-") }}',
        "{% for key, value in input | dictsort %}{{ key }}={{ value }}{% endfor %}",
        "{% set x = input.a %}{{ x }}",
    ],
)
def test_a_template_that_fits_passes(source: str) -> None:
    compile_template(source, "p.j2").check({"a": "1"})


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("{{ input.b }}", 'no column "b"'),
        ('{{ input["c d"] }}', 'no column "c d"'),
        ("{{ input.a.deep.deeper }}", "p.j2"),
        ("{{ input.a / 0 }}", "p.j2"),
        ("{{ input.a.__class__.mro() }}", "p.j2"),
    ],
)
def test_a_row_that_does_not_fit_is_named(source: str, part: str) -> None:
    with pytest.raises(BadTemplate) as raised:
        compile_template(source, "p.j2").check({"a": "1"})
    assert part in str(raised.value)
