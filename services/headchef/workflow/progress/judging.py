"""Holds an output against a schema and checks, and audits documents. Pure."""

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any

from headchef_contracts.events.common import Finding

from headchef.checks import BadCheck, Registry, read_check
from headchef.schema import SchemaCache
from headchef.workflow.progress.work import Audit

MAX_FINDINGS = 50
MAX_MESSAGE_CHARACTERS = 500


class Judge:
    """Judges outputs.

    Args:
        schemas: compiles schemas.
        registry: has the checks.
    """

    def __init__(self, schemas: SchemaCache, registry: Registry) -> None:
        self._schemas = schemas
        self._registry = registry

    def findings(
        self, value: Any, schema: Mapping[str, Any] | None, checks: Sequence[Mapping[str, Any]]
    ) -> tuple[Finding, ...]:
        """Say what is wrong with a value: what its schema says, or if that is nothing, its checks.

        Args:
            value: JSON.
            schema: JSON Schema that can be compiled; None for anything.
            checks: each with its name, path and arguments.
        """
        if schema is not None:
            compiled = self._schemas.compiled(dict(schema))
            found = compiled.findings(value, max_findings=MAX_FINDINGS, max_message_characters=MAX_MESSAGE_CHARACTERS)
            if found:
                return found
        return tuple(islice(chain.from_iterable(self._found(value, each) for each in checks), MAX_FINDINGS))

    def audited(self, audit: Audit) -> dict[str, Any]:
        """Give the output of an audit: the share of rules that find nothing, from 0 to 100, and what was found.

        Beyond `MAX_FINDINGS` a last one says that there are more.
        """
        found = [self._found(audit.target, self._with_facts(rule, audit.facts)) for rule in audit.rules]
        passed = sum(not each for each in found)
        shown = list(islice(chain.from_iterable(found), MAX_FINDINGS))
        if sum(map(len, found)) > MAX_FINDINGS:
            message = f"there are more than the {MAX_FINDINGS} findings that an audit gives"
            shown.append(Finding(check="more", path="", message=message))
        return {"score": round(100 * passed / len(found), 1), "findings": [each.model_dump() for each in shown]}

    def _found(self, value: Any, asked: Mapping[str, Any]) -> list[Finding]:
        try:
            check = read_check(asked, self._registry)
        except BadCheck as bad:
            message = f"a check cannot be used: {bad}"[:MAX_MESSAGE_CHARACTERS]
            return [Finding(check=str(asked["check"]), path="", message=message)]
        return list(islice(check.findings(value, MAX_MESSAGE_CHARACTERS), MAX_FINDINGS + 1))

    def _with_facts(self, rule: Mapping[str, Any], facts: Any) -> Mapping[str, Any]:
        """Let an audit's facts stand in where a rule is held against some and does not say which."""
        if facts is None or "against" in rule or rule["check"] not in self._registry.names:
            return rule
        knows = "against" in self._registry.named(rule["check"]).model_fields
        return {**rule, "against": facts} if knows else rule
