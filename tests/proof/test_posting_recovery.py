"""The play of an outage, in small: `python -m bench.posting` has the whole of it."""

import pytest

from bench.posting_recovery import Outage, recovery


@pytest.mark.parametrize("hangs_s", [0.0, 15.0], ids=["refuses", "hangs"])
def test_everything_is_written_at_full_rate_a_minute_after_the_crm_is_back(hangs_s: float) -> None:
    back = recovery(Outage("is down", hangs_s, down_s=180, waiting=500))

    assert back.waited >= 500
    assert back.full_rate_after_s <= 60
    assert back.calls_while_down <= 40
