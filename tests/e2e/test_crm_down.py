"""The CRM is away while contacts arrive: they are routed in time, and noted when it is back."""

import pytest

from tests.e2e.world import Json, World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("world")]

BUDGET_MS = 1200
OURS_MS = BUDGET_MS + 300
# As config/lookup.yaml asks for: ECS waits at least a second longer than the budget. What the
# local AWS adds on a busy machine is in this, and not in what we say we took.
ECS_WAITS_MS = BUDGET_MS + 1000


def test_contacts_are_routed_by_the_default_row_and_noted_when_the_crm_is_back(
    world: World,
) -> None:
    try:
        world.set_faults({"kind": "error_503"})
        refused = world.contact("voice", "+16465550155", remarks="While it refused")
        world.ended(refused)
        world.set_faults({"kind": "hang", "delay_s": 4})
        hanging = world.contact("voice", "+13125550119", remarks="While it hung")
        world.ended(hanging)
    finally:
        world.end_faults()

    for interaction_id in (refused, hanging):
        assert_routed_without_the_crm(world.interaction(interaction_id))
    for interaction_id, remarks in ((refused, "While it refused"), (hanging, "While it hung")):
        (record,) = noted(world, interaction_id)
        assert record["disposition"] == "Resolved"
        assert record["remarks"] == remarks


def noted(world: World, interaction_id: str) -> list[Json]:
    return eventually(lambda: world.noted(interaction_id), "it is noted", within_s=60)


def assert_routed_without_the_crm(seen: Json) -> None:
    got = seen["flow_variables"]
    assert got["outcome"] == "degraded"
    assert got["source"] == "default"
    assert got["reason"].startswith("crm-down")
    assert seen["business_process"] == "Customer Care"
    asked = [step for step in seen["timeline"] if step["step"] == "rest"]
    assert asked[-1]["detail"].startswith("Done"), asked
    assert asked[-1]["elapsed_ms"] < ECS_WAITS_MS
    assert int(got["elapsed_ms"]) < OURS_MS
