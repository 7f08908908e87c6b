"""Measurements that a claim in the docs can point at; each prints what it compares with."""
