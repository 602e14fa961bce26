"""Object detection: from a raw picture to detections, with head blurring for what is shown.

Reads: models and their cards. Writes: nothing; TensorRT keeps its engines (tensorrt_cache.py).
Never: runs a model that does not match its card.

    detector.py        start here: `OnnxDetector(path, ...).analyse(pictures)`
    model_card.py      the JSON file that describes a model; model_forms.py: its input and output
    model_input.py     pictures to the input tensor; region.py: which part of a picture;
                       placement.py: where it lies in the input; tensors.py: in and out of a run
    heads/             output tensors to boxes, for each family of models
    suppression.py     one box for one thing
    sessions.py        ONNX Runtime sessions and providers; tensorrt_cache.py: compiled engines
    model_swap.py      another model takes over between two frames
    unload_policy.py   how long an idle model stays loaded
    labels.py          which labels are detected and followed
    frame_result.py    the result of one analysed frame
    head_blur.py       heads of people blurred in every JPEG
"""
