"""An application acts on a live call: hold, retrieve, transfer, hang up. Once and now, or never."""

from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.call_control import CallCommand
from switchboard.domain.deadline import Deadline
from switchboard.errors import StateConflict
from switchboard.ports import ContactCentre, OnceStore

COMMAND_EXPIRES: Final = timedelta(seconds=5)
_KEEP_S: Final = 3600


def control_call(
    command: CallCommand, *, centre: ContactCentre, once: OnceStore, now: datetime
) -> str:
    """The state of the call afterwards. A command id is acted on once, whatever becomes of it.

    Raises: StateConflict when the command is a repeat, too late, or the call's state forbids it;
        NotFound; UpstreamError, of which UpstreamUnknown means that it may have happened.
    """
    if now > command.not_after:
        raise StateConflict("The command came too late and was not carried out.")
    if not once.claim(f"command#{command.id}", now=now, keep_s=_KEEP_S):
        raise StateConflict("This command id was used before; send a new one for a new command.")
    budget_s = (command.not_after - now).total_seconds()
    return centre.control(command, deadline=Deadline.after(budget_s))
