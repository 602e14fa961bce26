# mypy: ignore-errors
"""Exports small models of random weights with their families' own tools, and what those find.

    ENV/bin/python tests/exporters/make_exports.py OUT PICTURE [FAMILY ...]

ENV is an environment of its own with ultralytics, yolov5, yolox, transformers and libreyolo, as far
as they are there: nothing of them is imported by the unit, and none of their files is kept.
OUT/NAME.onnx is the export, OUT/NAME.json what the tool's own preparation and post-processing find
in the picture: class number, score, and box in pixels of the picture.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

SIDE = 320
LOW = 0.3
MOST = 100
Found = list[list[float]]  # class, score, left, top, right, bottom
OUT, PICTURE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()


def keep(name: str, onnx: Path | str, found: Found) -> None:
    target = OUT / f"{name}.onnx"
    if Path(onnx).resolve() != target:
        Path(onnx).rename(target)
    target.with_suffix(".json").write_text(json.dumps(found))
    print(f"{name}: {len(found)} things", flush=True)


def shake(model: torch.nn.Module, size: int, *, scale: float = 1.0) -> None:
    """Give random weights something to say: normalise for the picture, spread what comes last."""
    picture = cv2.resize(cv2.imread(str(PICTURE)), (size, size))
    batch = torch.from_numpy(picture.transpose(2, 0, 1).copy()).float()[None] / 255 * scale
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 0.5
            layer.train()
    with torch.no_grad():
        for _ in range(4):
            model(batch)
    model.eval()


def spread(layer: torch.nn.Conv2d, middle: float) -> None:
    torch.nn.init.normal_(layer.weight, 0, 0.35)
    torch.nn.init.constant_(layer.bias, middle)


def export_ultralytics() -> None:
    from ultralytics import RTDETR, YOLO

    kinds: list[tuple[str, str, dict[str, Any]]] = [
        ("yolov8n", "yolov8", {}),
        ("yolov9t", "yolov9", {}),
        ("yolo11n", "yolo11-dynamic", {"dynamic": True}),
        ("yolo11n-seg", "yolo11-seg", {}),
        ("yolo12n", "yolo12-nms", {"nms": True}),
        ("yolov10n", "yolov10", {"nms": False}),
        ("yolo26n", "yolo26", {"nms": False}),
        ("yolo26n", "yolo26-raw", {}),
        ("rtdetr-l", "ultralytics-rtdetr", {}),
    ]
    for kind, name, words in kinds:
        model = (RTDETR if "detr" in kind else YOLO)(f"{kind}.yaml")
        shake(model.model, SIDE)
        head = model.model.model[-1]
        middle = 0.5 if words.get("nms") else -2.0
        for part in ("cv3", "one2one_cv3"):
            for branch in getattr(head, part, None) or ():
                spread(branch[-1], middle)
        for layer in getattr(head, "dec_score_head", ()):
            torch.nn.init.normal_(layer.weight, 0, 0.1)
            torch.nn.init.constant_(layer.bias, -1.0)
        path = model.export(format="onnx", imgsz=SIDE, **words)
        loaded = RTDETR(path) if "detr" in kind else YOLO(path)
        answer = loaded.predict(
            str(PICTURE),
            imgsz=SIDE,
            conf=LOW,
            max_det=MOST,
            rect=False,
            verbose=False,
            device="cpu",
        )[0]
        found = answer.boxes.data.numpy().astype(float)
        keep(name, path, [[row[5], row[4], *row[:4]] for row in found.tolist()])


def export_yolov5() -> None:
    import yolov5
    from yolov5.models.yolo import Model
    from yolov5.utils.augmentations import letterbox
    from yolov5.utils.general import non_max_suppression, scale_boxes

    model = Model(str(Path(yolov5.__file__).parent / "models/yolov5n.yaml"))
    shake(model, SIDE)
    detect = model.model[-1]
    for branch in detect.m:
        spread(branch, -2.0)
    detect.export = True
    path = OUT / "yolov5.onnx"
    save(model, torch.zeros(1, 3, SIDE, SIDE), path, ["images"], ["output0"])
    bgr = cv2.imread(str(PICTURE))
    square = letterbox(bgr, SIDE, auto=False)[0]
    entry = square[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    (output,) = run(path, {"images": entry})
    found = non_max_suppression(torch.from_numpy(output), LOW, 0.45, max_det=MOST)[0]
    found[:, :4] = scale_boxes((SIDE, SIDE), found[:, :4], bgr.shape)
    keep("yolov5", path, [[row[5], row[4], *row[:4]] for row in found.tolist()])


def export_yolox() -> None:
    from yolox.data.data_augment import preproc
    from yolox.exp import get_exp
    from yolox.utils import demo_postprocess, postprocess

    for name, decoded in (("yolox", False), ("yolox-decoded", True)):
        model = get_exp(None, "yolox-nano").get_model()
        shake(model.eval(), SIDE, scale=255)
        for branch in (*model.head.cls_preds, *model.head.obj_preds):
            spread(branch, 0.0)
        model.head.decode_in_inference = decoded
        path = OUT / f"{name}.onnx"
        save(model, torch.zeros(1, 3, SIDE, SIDE), path, ["images"], ["output"])
        entry, ratio = preproc(cv2.imread(str(PICTURE)), (SIDE, SIDE))
        (output,) = run(path, {"images": entry[None]})
        rows = output if decoded else demo_postprocess(output, (SIDE, SIDE))
        found = postprocess(torch.from_numpy(rows.copy()), 80, LOW, 0.45)[0].numpy()
        best = sorted(found.tolist(), key=lambda row: -row[4] * row[5])[:MOST]
        keep(name, path, [[row[6], row[4] * row[5], *(np.array(row[:4]) / ratio)] for row in best])


def export_transformers() -> None:
    from transformers import (
        DFineConfig,
        DFineForObjectDetection,
        RTDetrConfig,
        RTDetrForObjectDetection,
        RTDetrImageProcessor,
    )

    class Pair(torch.nn.Module):
        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.model(pixel_values=pixel_values)
            return found.logits, found.pred_boxes

    bgr = cv2.imread(str(PICTURE))
    kinds = (
        ("rt-detr", RTDetrConfig, RTDetrForObjectDetection),
        ("d-fine", DFineConfig, DFineForObjectDetection),
    )
    for name, config, kind in kinds:
        model = kind(config(num_labels=80, num_queries=100)).eval()
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear) and layer.out_features == 80:
                torch.nn.init.normal_(layer.weight, 0, 0.1)
                torch.nn.init.constant_(layer.bias, -1.0)
        path = OUT / f"{name}.onnx"
        entry = torch.zeros(1, 3, SIDE, SIDE)
        save(Pair(model), entry, path, ["pixel_values"], ["logits", "pred_boxes"])
        # Scaled as the unit does: with random weights the processor's own filter, which blurs a
        # little more, makes other queries the best.
        scaled = cv2.resize(bgr, (SIDE, SIDE))[:, :, ::-1].copy()
        processor = RTDetrImageProcessor(do_resize=False)
        pixels = processor(images=scaled, return_tensors="np")["pixel_values"]
        logits, boxes = run(path, {"pixel_values": np.asarray(pixels, np.float32)})
        outputs = type(
            "Outputs",
            (),
            {"logits": torch.from_numpy(logits), "pred_boxes": torch.from_numpy(boxes)},
        )
        answer = processor.post_process_object_detection(
            outputs, threshold=LOW, target_sizes=[bgr.shape[:2]]
        )[0]
        parts = (answer[part].tolist() for part in ("labels", "scores", "boxes"))
        keep(name, path, [[label, score, *box] for label, score, box in zip(*parts, strict=True)])


def save(
    model: torch.nn.Module, entry: torch.Tensor, path: Path, inputs: list[str], outputs: list[str]
) -> None:
    torch.onnx.export(
        model.eval(),
        entry,
        str(path),
        input_names=inputs,
        output_names=outputs,
        opset_version=17,
        dynamo=False,
    )


def run(path: Path, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    import onnxruntime

    outputs: list[np.ndarray] = onnxruntime.InferenceSession(str(path)).run(None, feed)
    return outputs


FAMILIES: dict[str, Callable[[], None]] = {
    "ultralytics": export_ultralytics,
    "yolov5": export_yolov5,
    "yolox": export_yolox,
    "transformers": export_transformers,
}


def main() -> None:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for family in sys.argv[3:] or FAMILIES:
        try:
            FAMILIES[family]()
        except ImportError as error:
            print(f"{family}: not installed ({error})")


if __name__ == "__main__":
    main()
