"""The sandbox CRM: a small real application to try Switchboard against.

It keeps customers and activities in one SQLite file, speaks a REST API with OAuth, sends signed
webhooks, has pages to look at and can misbehave on request. Switchboard knows it only through a
connector file. `README.md` beside this file is its API documentation.
"""
