"""Heads: what the outputs of each family of models mean, as boxes, scores and classes.

Reads and writes: nothing; pure NumPy.
Never: depends on a runtime or a file, or takes NaN for "nothing there".

    head = HEADS[card.decoder]
    head.require_outputs(outputs, card)                      # raises HeadError
    found = head.find_candidates(outputs, card, classes, low)

    candidates.py     what all heads give, and the parts that they share
    nanodet.py        NanoDet and NanoDet-Plus: a distribution for each side of a box
    yolo.py           YOLOv3 to v13 and Ultralytics' RT-DETR: one tensor of boxes and scores
    yolox.py          YOLOX: the same, relative to the cells of its grids
    detr.py           DETR, RT-DETR, D-FINE, RF-DETR, YOLO-NAS: boxes and scores in two tensors
    rows.py           YOLOv10, YOLO26, exports with NMS: one row for each thing
    parts.py          boxes, scores and classes of things as tensors of their own
    classes.py        classification models, for a second look at what was found
"""

from collections.abc import Mapping

from inference.detection.heads import classes, detr, nanodet, parts, rows, yolo, yolox
from inference.detection.heads.candidates import Candidates, Head, HeadError, Outputs

HEADS: Mapping[str, Head] = {
    "nanodet": nanodet,
    "yolo": yolo,
    "yolox": yolox,
    "detr": detr,
    "rows": rows,
    "parts": parts,
    "classes": classes,
}
__all__ = ["HEADS", "Candidates", "Head", "HeadError", "Outputs"]
