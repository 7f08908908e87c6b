"""`switchboard reconcile`: the ledger beside the CRMs, or beside a report of the contact centre."""
