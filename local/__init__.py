"""Switchboard on one machine: the contact centre, the CRMs, and AWS in the small."""
