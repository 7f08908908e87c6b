"""Decisions over values. Standard library and phonenumberslite only."""
