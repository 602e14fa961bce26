"""Motion detection in two gates: packet sizes, then small grey key frames; and its self-test.

    packet sizes ----> packet_gate --> self_test (may gate 0 be trusted?)
    grey pictures ---> picture_gate -> light (exposure, covered, turned)
                       both, and hints --> motion (motion segments)

Reads and writes: nothing; sizes, pictures and times come in.
Never: decodes, or does I/O.
"""
