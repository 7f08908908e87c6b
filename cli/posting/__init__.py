"""`switchboard posting`: what is written into which CRM, checked and shown beforehand."""
