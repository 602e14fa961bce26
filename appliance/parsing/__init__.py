"""One parser for each kind of text from outside: command lines, addresses of the page, settings.

values       parse_count("12", 1, 200); numbers, ports, addresses, paths, names
times        parse_time("24h").find_utc(now, zone); "03:10", "2026-04-15", "2026-04-15T02:00Z"
small_file   read_small_file(path, 4096): a regular file, read whole or not at all
toml_text    parse_toml(data) is a settings file's text and tree
nearest      advise("stauts", commands) is "did you mean 'status'?"
arguments    make_type(parse_count, 1, 200) is a `type` of argparse

Every refusal is an `InputError`: one line that says what was given and what is right.
"""
