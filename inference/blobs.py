"""Makes a model's input of a picture: cut, shrink, convert, normalise, in this order.

Reads and writes: arrays in memory; OpenCV does the work.
Never: touches a full-size picture more than once, or gives out memory that it will not write again:
what `Canvas.put` filled is good until the next `put`.

Shrinking the planes of an I420 picture first and converting the small square costs half of
converting the picture and shrinking that (measured: docs/decisions has none, tests/bench/cameras
has the figures).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.frames import BGR, I420, Buffer, Picture
from appliance.errors import CameraError
from appliance.model import Box
from inference.card import Card

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Planes = tuple[Bytes, Bytes, Bytes]
