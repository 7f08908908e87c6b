"""The commands for trying it and running it, against a stack that is up."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.e2e.terminal import ROOT, SWITCHBOARD, started
from tests.e2e.world import World, eventually

THERE = "In the CRM sandbox as "
pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("world")]


def switchboard(world: World, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SWITCHBOARD, *arguments],
        cwd=world.desk.folder,
        env=world.desk.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "sender"), [("call", "+14155550142"), ("email", "ada@example.com")]
)
def test_a_contact_of_ones_own_can_be_watched_and_explained(
    world: World, command: str, sender: str
) -> None:
    watched = switchboard(world, command, sender)

    assert watched.returncode == 0, watched.stderr
    assert "rest: Done" in watched.stdout
    interaction_id = re.findall(r"int-\w+", watched.stdout)[0]
    assert f"{world.ecs}/interactions/{interaction_id}" in watched.stdout
    eventually(lambda: world.noted(interaction_id), "it is noted")
    told = eventually(
        lambda: said if (said := explain(world, interaction_id)).startswith(THERE) else "",
        "`explain` says that it is in the CRM",
    )
    assert re.search(r"arrival +known in sandbox", told)
    assert re.search(r"routed +Customer Care, by the row high-value", told)
    assert f"switchboard rules explain --interaction {interaction_id}" in told
    assert "interaction-ends" in told
    for personal in ("Ada", sender, "4155550142"):
        assert personal not in told


def explain(world: World, interaction_id: str) -> str:
    return switchboard(world, "explain", interaction_id).stdout


def test_a_record_deleted_in_the_crm_is_seen_missing_and_is_repaired_on_a_new_stack(
    world: World,
) -> None:
    watched = switchboard(world, "call", "+12125550134")
    interaction_id = re.findall(r"int-\w+", watched.stdout)[0]
    eventually(lambda: world.noted(interaction_id), "it is noted")
    eventually(
        lambda: explain(world, interaction_id).startswith(THERE), "the ledger knows that it is"
    )
    deleted = requests.post(f"{world.crm}/activities/{interaction_id}/delete", timeout=10)
    assert deleted.status_code == 200

    today = datetime.now(UTC).date().isoformat()
    ask = ("reconcile", "--from", today, "--connector", "sandbox")
    # The row may be looked at once more for what others say of it; then it rests.
    eventually(lambda: interaction_id in missing(world, *ask), "it is seen missing")
    repaired = switchboard(world, *ask, "--patience", "0s", "--repair")
    world.sweep()

    assert repaired.returncode == 1, repaired.stderr
    eventually(lambda: world.noted(interaction_id), "it is written again")


def missing(world: World, *ask: str) -> str:
    done = switchboard(world, *ask, "--patience", "0s")
    assert done.returncode in {0, 1}, done.stderr
    return "".join(line for line in done.stdout.splitlines() if line.startswith("missing"))


def test_explaining_what_never_came_says_so(world: World) -> None:
    done = switchboard(world, "explain", "int-never")

    assert done.returncode == 1
    assert done.stderr.startswith("No trigger and no lookup with this id reached us.")


def test_where_nothing_failed_nothing_waits_and_there_are_no_dead_letters(world: World) -> None:
    waiting = switchboard(world, "parked", "list", "--connector", "none-of-ours")
    letters = switchboard(world, "deadletters", "list", "--queue", "dialing")

    assert waiting.returncode == letters.returncode == 0, waiting.stderr + letters.stderr
    assert "Nothing that waits for a person is meant" in waiting.stdout
    assert "No dead letters of dialing." in letters.stdout


def test_one_request_can_be_followed_through_the_logs(world: World) -> None:
    answer = world.ask("POST", "/v1/arrivals/lookup", {"contact": "+1 415 555 0142"}).json()
    world.ask("POST", "/v1/arrivals/lookup", {"contact": "+1 415 555 0199"})
    command = [SWITCHBOARD, "logs", "--request-id", answer["request_id"]]

    with started(command, environment=world.desk.environment, cwd=world.desk.folder) as followed:
        followed.until("contact looked up", within_s=20)
        followed.press_ctrl_c()
        code = followed.ends(within_s=10)

    lines = [line for line in followed.said.splitlines() if line.startswith("arrival_lookup")]
    assert code == 0
    assert lines
    assert all(answer["request_id"] in line for line in lines)
    assert "555" not in followed.said


def test_a_broken_ruleset_is_refused_and_the_old_one_goes_on_deciding(
    world: World, tmp_path: Path
) -> None:
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    ruleset = config / "routing.yaml"
    broken = ruleset.read_text().replace("queue: collections,", "queue: colections,")
    ruleset.write_text(broken)
    before = world.published("routing")
    decided = route(world)

    done = switchboard(world, "publish", str(config))

    assert done.returncode == 1
    assert "colections" in done.stderr
    assert "Traceback" not in done.stderr
    assert world.published("routing") == before
    assert route(world) == decided


def route(world: World) -> tuple[str, str, str]:
    answer = world.ask("POST", "/v1/arrivals/route", {"contact": "+1 212 555 0134"}).json()
    assert answer["business_process"] == "Collections"
    return answer["ruleset"], answer["row"], answer["reason"]


def test_a_key_from_the_command_line_opens_its_routes_and_no_other(world: World) -> None:
    made = switchboard(world, "keys", "create", "flow-7", "--route", "/v1/arrivals/")
    key = made.stdout.strip()

    assert made.returncode == 0
    assert lookup(world, key).status_code == 200
    assert flat_refusal(lookup(world, f"{key}x"), 401)
    assert flat_refusal(lookup(world, "flow-8.none"), 401)
    assert flat_refusal(lookup(world, ""), 401)
    elsewhere = requests.post(
        f"{world.api}/v1/calls/int-1/hold", headers={"x-switchboard-key": key}, timeout=30
    )
    assert flat_refusal(elsewhere, 403)


def lookup(world: World, key: str) -> requests.Response:
    headers = {"x-switchboard-key": key} if key else {}
    url = f"{world.api}/v1/arrivals/lookup"
    return requests.post(url, json={"contact": "+1 415 555 0142"}, headers=headers, timeout=30)


def flat_refusal(answer: requests.Response, status: int) -> bool:
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) == {"error", "message", "request_id"}
    assert all(isinstance(value, str) and value for value in body.values())
    return True


def test_without_a_stack_the_commands_say_how_to_start_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [SWITCHBOARD, "call", "+14155550142"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.strip() == "No Switchboard runs here. Start one with `make run`."
