"""The operator's side of a fleet: who runs what, who is expected back when, and why a unit waits.

Never installed on a unit (extra `fleet`). One machine is enough: `fleet serve`; beyond it the same
parts use what is there: any web server or object store for releases, PostgreSQL for the rows, a
broker cluster for hints (docs/fleet.md).

The data runs one way, from the first part to the last:

    errors        what can be wrong, each refusal with its reason code
    database/     tables, their migrations and the questions to them: SQLite or PostgreSQL
    reports/      what a unit reports: read strictly, its signature, replays and clones
    claims/       one-time tokens with which a unit enters the fleet, its client certificate
    registry/     what is known of the units: lists, counts, states; what the operator changes
    receiver/     the web application that units speak to
    operator/     the web application that people read: map, table, JSON
    push/         hints for units, and the broker that carries them
    rollouts      goes on with rollouts by what units have reported
    serve/        all of it on one machine, behind nginx
    commands/     the commands of `fleet` that need the database
"""
