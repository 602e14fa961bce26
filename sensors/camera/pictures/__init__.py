"""What a camera hands out: pictures decoded on demand, and clips of the packets as they came.

    packets --> gop (decode on demand) --> privacy_mask --> encoding (planes, rows, JPEG)
        '-----> recording (last seconds) --> bytestream --> muxing (MP4)

Reads and writes: nothing; packets and pixels in memory.
Never: decodes what nobody asked for, or lets a masked part leave.
"""
