"""The README's programs: they are Python, publish what the contract takes, and the one without Kafka runs."""

import asyncio
import re
import uuid
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from headchef_contracts import topics
from headchef_contracts.generate import PACKAGE

from tests.support.eventually import PATIENCE_S

README = (PACKAGE.parent / "README.md").read_text("utf-8")
PROGRAMS: list[str] = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


async def test_the_publisher_program_publishes(kafka: str) -> None:
    namespace = f"readme-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topics.physical(namespace, "jobs.submitted"), 4, 1)])
    await admin.close()
    program = PROGRAMS[0].replace('"localhost:9092"', f'"{kafka}", namespace="{namespace}"')
    names: dict[str, Any] = {}
    exec(compile(program.replace("asyncio.run(main())", ""), "README", "exec"), names)
    await asyncio.wait_for(names["main"](), timeout=PATIENCE_S)


def test_the_reader_program_is_python() -> None:
    compile(PROGRAMS[1], "README", "exec")
    assert 'Results("localhost:9092"' in PROGRAMS[1]


def test_the_program_without_kafka_runs() -> None:
    exec(compile(PROGRAMS[2], "README", "exec"), {})


def test_every_file_that_it_names_is_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (Path(PACKAGE.parent) / target).exists(), target
