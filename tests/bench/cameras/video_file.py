"""The clip and the model that the benches of cameras share."""

from tests.bench.report import ROOT

VIDEO_FILE = ROOT / "sensors/media/pedestrians.mp4"
MODEL = ROOT / "inference/models/nanodet-g-416-int8.onnx"
FRAMES_PER_S = 10
