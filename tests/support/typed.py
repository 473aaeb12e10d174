"""Types commands of `headchef` for a deployment, as a person at a shell would."""

import os
import subprocess

from tests.support.eventually import PATIENCE_S
from tests.support.services import Deployment
from tests.support.warm_commands import at_hand


def typed(deployment: Deployment, *command: str, **settings: str) -> str:
    """Run a command, which must end well, and give what it printed.

    Args:
        deployment: that it is about; its own settings are those of services, and not known to the command.
        command: such as `workflow`, `apply` and a file.
        settings: environment variables of the command.
    """
    known = {"HEADCHEF_KAFKA": deployment.bootstrap, "HEADCHEF_NAMESPACE": deployment.namespace}
    process = subprocess.run(
        [*at_hand(), *command],
        check=False,
        env={**os.environ, **known, **settings},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert process.returncode == 0, f"{command}: {process.returncode}\n{process.stdout}\n{process.stderr}"
    return process.stdout
