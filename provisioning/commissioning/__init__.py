"""Sets a unit up on its site, step by step, and can be gone on with after any interruption.

    answers (site.toml, terminal, page) --> engine (check -> apply -> verify) --> record, state

Reads: the settings, answers, what each step looks at. Writes: the settings through their Keeper,
what each step makes so, the record of what was done and the state that the page shows.
Never: applies a step whose answers are not whole and possible, or does again what stands already.
"""
