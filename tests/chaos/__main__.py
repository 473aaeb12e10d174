"""`make chaos`: rounds of kills and freezes on real Kafka, under steady load; exits with 1 if a promise was broken."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.machine import made_here
from tests.chaos.campaign import Campaign, run
from tests.chaos.report import table, write
from tests.chaos.verdict import Figures

_BUILD = Path(__file__).resolve().parents[2] / "build"
_PAGE = Path(__file__).with_name("README.md")

CAMPAIGNS: Mapping[str, Campaign] = {
    "exactly once": Campaign("exactly_once", 1, 100, 0.2),
    "exactly once, three brokers": Campaign("exactly_once", 3, 30, 0.5),
    "at least once": Campaign("at_least_once", 1, 100, 0.2),
}


def main() -> None:
    """Run the campaigns, write what they show, and say which promises they broke."""
    options = argparse.ArgumentParser(prog="make chaos ARGS=…", description=main.__doc__)
    options.add_argument("--only", choices=list(CAMPAIGNS), help="one campaign")
    options.add_argument("--rounds", type=int, help="of each campaign, in place of its own number")
    options.add_argument("--seed", type=int, default=int(datetime.now(UTC).timestamp()), help="of the faults")
    options.add_argument("--broker-share", type=float, help="of the rounds, in place of each campaign's own share")
    options.add_argument("--rate", type=float, default=20.0, help="jobs a second")
    options.add_argument("--keep", action="store_true", help="keep all logs, and say where")
    options.add_argument("--write", action="store_true", help="renew the table in tests/chaos/README.md")
    chosen = options.parse_args()
    figures: dict[str, Figures] = {}
    broken: list[str] = []
    for name, campaign in CAMPAIGNS.items():
        if chosen.only in (None, name):
            rounds = chosen.rounds or campaign.rounds
            sys.stderr.write(f"{name}: {rounds} rounds, seed {chosen.seed}\n")
            share = campaign.broker_share if chosen.broker_share is None else chosen.broker_share
            sized = Campaign(campaign.guarantee, campaign.brokers, rounds, share)
            figures[name] = run(sized, chosen.seed, chosen.rate, keep=chosen.keep)
            broken += [f"{name}: {promise}" for promise in figures[name].broken(campaign.guarantee)]
            # After each: the next one takes half an hour, and may fail.
            _keep(figures)
    print(table(figures))
    for name, each in figures.items():
        print(f"{name}: the quietest task was {each.quietest}")
        for ended in each.ended:
            print(f"{name}: ended by itself: {ended}")
    if chosen.write:
        made = f"{made_here()}; {chosen.rate:g} jobs a second; seed {chosen.seed}."
        write(_PAGE, figures, made)
    sys.exit("\n".join(broken) if broken else 0)


def _keep(figures: Mapping[str, Figures]) -> None:
    _BUILD.mkdir(exist_ok=True)
    as_json = {name: asdict(each) for name, each in figures.items()}
    (_BUILD / "chaos.json").write_text(json.dumps(as_json, indent=1) + "\n")


if __name__ == "__main__":
    main()
