"""`switchboard rules`: check, explain, change and forecast routing rules."""
