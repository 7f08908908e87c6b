"""A Tryton module: a status on the party, and the webhook it sends."""
