"""A report as one HTML page: pictures in it, no script, nothing from elsewhere.

    data = make_html(make_contents(report, "en"))

Reads: the template beside this file. Writes: nothing.
Never: puts a text into the page that is not escaped.
"""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from provisioning.commissioning.report.contents import Contents

TEMPLATE = "report.html"


def make_html(contents: Contents) -> bytes:
    """The page, UTF-8."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    blocks = [(type(one).__name__, one) for one in contents.blocks]
    page = environment.get_template(TEMPLATE).render(contents=contents, blocks=blocks)
    return page.encode()
