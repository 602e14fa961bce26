"""Packs an answer in memory for a browser that takes it.

Reads and writes: nothing but the answer.
Never: packs what is so small that nothing is saved.
"""

import gzip

from flask import Response, request

GZIP_FROM_BYTES = 1024


def compress(answer: Response) -> None:
    """Gzip it, where that saves much and the browser takes it."""
    if "Content-Encoding" in answer.headers:
        return  # a file that was packed once
    plain = answer.get_data()
    if len(plain) >= GZIP_FROM_BYTES and request.accept_encodings.quality("gzip") > 0:
        answer.set_data(gzip.compress(plain, compresslevel=1))
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers.add("Vary", "Accept-Encoding")
