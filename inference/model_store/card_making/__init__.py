"""Makes the card of a model that has none: from its shapes, its metadata and a trial on a picture.

Reads: a model, in a child process with limits; the trial picture. Writes: nothing.
Never: runs a model that safety.py has not passed, or takes a guess for certain that the trial does
not bear out.

    request.py          start here: `CardMaker(hints).make(model)`; runs proposal.py
    proposal.py         the child: facts, then guesses, then the trial, then the card
    hints.py            what the owner says of it
    guessing.py         tries guesses on the trial picture; verdicts.py: what that means
    facts.py            names, types and shapes of inputs and outputs; metadata
    inputs.py           which input takes the picture, and in which forms it may want it
    families.py         which heads fit the outputs
    labels.py           names of classes: from metadata, from a file, or COCO's
    trial_picture.py    a picture with people at known places, and how well a guess finds them
    card_file.py        a card as the JSON that stands in its file
"""
