import pytest

from cli.simulation.formulas import (
    ErlangA,
    ErlangC,
    blocking,
    one_agent_wait_s,
    priority_waits_s,
)

HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("agents", "load", "chance"), [(5, 3.0, 0.23615), (10, 8.0, 0.40918), (1, 0.5, 0.5)]
)
def test_the_chance_of_waiting_is_the_textbooks(agents: int, load: float, chance: float) -> None:
    assert ErlangC(load, 1.0, agents).chance_of_waiting == pytest.approx(chance, abs=5e-6)


def test_270_calls_an_hour_for_twenty_agents() -> None:
    desk = ErlangC(270 / HOUR_S, 240, 20)

    assert desk.chance_of_waiting == pytest.approx(0.5508, abs=5e-5)
    assert desk.mean_wait_s == pytest.approx(66.1, abs=0.05)
    assert desk.answered_within(20) == pytest.approx(0.5338, abs=5e-5)


def test_the_published_example_of_100_calls_in_half_an_hour() -> None:
    desk = ErlangC(100 / 1800, 180, 14)

    assert desk.chance_of_waiting == pytest.approx(0.17413, abs=5e-6)
    assert desk.answered_within(20) == pytest.approx(0.88835, abs=5e-6)
    assert desk.mean_wait_s == pytest.approx(7.84, abs=5e-3)


def test_the_published_example_of_360_calls_in_half_an_hour() -> None:
    desk = ErlangC(360 / 1800, 240, 55)

    assert desk.chance_of_waiting == pytest.approx(0.2387, abs=5e-5)
    assert desk.mean_wait_s == pytest.approx(8.18, abs=5e-3)
    assert desk.answered_within(15) == pytest.approx(0.8459, abs=5e-5)


def test_too_few_agents_wait_for_ever() -> None:
    desk = ErlangC(2.0, 1.0, 2)

    assert desk.chance_of_waiting == 1
    assert desk.mean_wait_s == float("inf")
    assert desk.answered_within(1e9) == 0


def test_a_thousand_agents_are_no_trouble_for_the_floats() -> None:
    assert 0 < ErlangC(990.0, 1.0, 1000).chance_of_waiting < 1
    assert 0 < ErlangA(1500.0, 1.0, 1000, 1.0).chance_of_abandoning < 1


def test_one_line_and_one_erlang_block_half_of_all_calls() -> None:
    assert blocking(1.0, 1) == pytest.approx(0.5)


def test_callers_who_hang_up_330_calls_an_hour_for_twenty_agents() -> None:
    desk = ErlangA(330 / HOUR_S, 240, 20, 180)

    assert desk.chance_of_abandoning == pytest.approx(0.14285, abs=5e-6)
    assert desk.chance_of_waiting == pytest.approx(0.6522, abs=5e-5)


def test_endless_patience_is_erlang_c() -> None:
    patient, endless = ErlangA(0.07, 240, 20, 1e9), ErlangC(0.07, 240, 20)

    assert patient.chance_of_waiting == pytest.approx(endless.chance_of_waiting, rel=1e-5)
    assert patient.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=1e-5)


def test_when_patience_equals_handling_the_house_is_a_poisson_number_of_callers() -> None:
    """With equal rates every caller leaves at one rate, whether waiting or speaking."""
    desk = ErlangA(2.0, 1.0, 2, 1.0)

    # 1 - P(Poisson(2) < 2)
    assert desk.chance_of_waiting == pytest.approx(1 - 3 * 2.718281828459045**-2)


def test_three_classes_wait_as_davis_says() -> None:
    whole = 270 / HOUR_S
    shares = (0.15, 0.55, 0.30)

    waits = priority_waits_s([share * whole for share in shares], 240, 20)

    assert waits == pytest.approx((7.64, 20.65, 178.63), abs=5e-3)
    mean = sum(share * wait for share, wait in zip(shares, waits, strict=True))
    assert mean == pytest.approx(ErlangC(whole, 240, 20).mean_wait_s)


def test_one_class_is_erlang_c() -> None:
    assert priority_waits_s([0.07], 240, 20)[0] == pytest.approx(ErlangC(0.07, 240, 20).mean_wait_s)


def test_fixed_service_halves_the_wait_of_one_agent() -> None:
    assert one_agent_wait_s(0.8, 1, 1) == pytest.approx(ErlangC(0.8, 1, 1).mean_wait_s)
    assert one_agent_wait_s(0.8, 1, 0) == pytest.approx(2.0)
