"""Switchboard: the CRM side of an ECS contact centre."""
