"""The one or two streams of a camera, from a connection to packets that somebody may decode.

    connection (opens, waits longer each time) --> stream (present group, last seconds) --> pair
                                                      '--> health (what is wrong with it, in words)

Reads: cameras, through sources. Writes: nothing.
Never: decodes what nobody asked for, or lets one stream's failure stop the other.
"""
