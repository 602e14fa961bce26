"""Who may do what on the unit's page, and who did: accounts, PIN, tokens, sessions, acts.

Reads and writes: access.db (SQLite), in a directory that only the page's user and root may open.
Never: keeps a password, a PIN, a token or the id of a session in clear; has a default secret; lets
SQL out.

    roles       Role, Origin, Person
    passwords   rules and hashes of passwords and PINs (scrypt); tokens
    waits       how long after wrong tries the next one is refused; pure
    database    the file: made, checked, opened
    accounts, attempts, sessions, tokens, acts      what is in it
    door        a try to log in, from the first check to the session
"""
