"""The hand-over sheet: what Evolve IP needs to program ECS, from contracts and configuration.

What it is made of:

- `stage`: which Switchboard it is for, and what that one has published
- `methods`: what ECS calls, from the template's routes and the functions' contracts
- `sent`: where ECS takes each parameter from
- `returned`: what each Return Value can be, and where it goes
- `advice`: what a flow does with each outcome, and how long it waits
- `questions`: what only Evolve IP can tell
- `people`: the fictional customers of the samples, and their CRM
- `world`: runs the functions for them, with `invocation` and `state` as on AWS
- `situations`: which requests are shown
- `samples`: what the functions answered
- `sheet`: all of it as one document of `blocks`, chapter by chapter (`chapters_…`, `parts`)
- `markdown`, `page`, `pdf`: the three ways to write it down
- `command`: `switchboard handover`
"""
