"""The DDI face: a server of the hawkBit kind says when a signed release is taken, and is told what
came of it (Direct Device Integration API; decision 0056).

    messages, feedback  what the server says, what it is told   connection  HTTP
    action_file   what is kept: the action, what was told of it
    judging       what the server is to be told; pure       memory      what is known of the action
    talk          questions and messages of one check-in    asking      what the server wants
    telling       what it is told                           face        all of it, for a check-in
    ports         what the engine sees                      opening     settings -> the face

Imported only where the settings name such a server.
"""
