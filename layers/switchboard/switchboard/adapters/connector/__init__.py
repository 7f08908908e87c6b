"""The connector engine: a CRM is a file, and so is the way we reach the contact centre.

`compile_connector` checks a file where it is built or published; it needs pydantic and stays out
of Lambda. Everything else here runs what it made, a plain JSON document.
"""
