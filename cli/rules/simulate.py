"""`switchboard rules simulate`; the simulator is `cli.simulation`."""

from cli.simulation.command import simulate

__all__ = ["simulate"]
