"""A page of one sentence, for where no other can be made: it shows nothing of the unit.

    answer = make_page(say("This unit has no settings yet."), "ro", 503)

Reads and writes: nothing; pure.
Never: needs the settings, the database or a template; and never holds markup of what it says.
"""

from html import escape

from flask import Response

from appliance.wording.sentence import as_plain, say
from appliance.wording.translating import translate

TITLE = say("Unit")
PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body><h1>{title}</h1><p>{sentence}</p></body>
</html>
"""


def make_page(sentence: str, language: str, code: int) -> Response:
    """The whole answer."""
    title, text = (escape(as_plain(translate(one, language))) for one in (TITLE, sentence))
    return Response(PAGE.format(language=language, title=title, sentence=text), code)
