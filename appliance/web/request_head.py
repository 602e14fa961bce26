"""The head of a request: what no number can be made of is answered, not an error of the server.

Reads: the head's bytes, through waitress. Writes: nothing.
Never: lets a client have a line with a traceback written into the log.
"""

from waitress.parser import HTTPRequestParser, ParsingError  # type: ignore[import-untyped]


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """That of waitress, which takes a Content-Length of thousands of digits for a number."""

    def parse_header(self, header_plus: bytes) -> None:
        """Raises `ParsingError`, which is answered with 400."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # Python makes no number of so many digits
            raise ParsingError("Content-Length is invalid") from error
