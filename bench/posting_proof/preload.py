"""What the server that workers are forked from has loaded: the fast clock, then the product."""

import importlib
import pkgutil

import aws_lambda_powertools.utilities.idempotency.persistence.dynamodb
import boto3.session
import botocore.session
import requests

from bench.posting_proof import fast_clock

_JOBS = ("trigger_intake", "disposition_posting", "sweeper")
# Loaded before the clock is changed, and so left alone by it.
_LIBRARIES = (botocore.session, boto3.session, requests, aws_lambda_powertools)

fast_clock.install()
with fast_clock.in_defaults():
    _product = importlib.import_module("switchboard")
    for _module in pkgutil.walk_packages(_product.__path__, "switchboard."):
        importlib.import_module(_module.name)
    for _job in _JOBS:
        importlib.import_module(f"functions.{_job}.app")
fast_clock.note_product()
