"""The queue simulator behind `switchboard rules simulate`, checked against exact formulas."""
