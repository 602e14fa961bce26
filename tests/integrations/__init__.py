"""Other people's programs, unmodified, before a real process of the page.

Reads: `build/integrations`, into which `make test-integrations` installs them; Debian's prometheus.
Never: fails where a program is not installed; the test is left out then.
"""
