"""Imported first by a function for which a caller waits: no garbage is looked for while it starts.

Nearly all that a start makes stays, so looking through it finds nothing. `end` begins to look
again, at what is made from then on.
"""

import gc

gc.disable()


def end() -> None:
    gc.freeze()
    gc.enable()
