"""Labels for a video, by PyAV, NumPy and ONNX Runtime alone: one label a step.

python frames_client.py with_backbone.onnx video.mp4
"""

import itertools
import json
import sys

import av
import numpy as np
import onnxruntime

if len(sys.argv) != 3:
    sys.exit("usage: python frames_client.py MODEL.onnx VIDEO")
session = onnxruntime.InferenceSession(sys.argv[1])
facts = json.loads(session.get_modelmeta().custom_metadata_map["longtake"])
seen = (facts.get("frames") or {}).get("frames")  # There may be several, under other names.
if not seen or seen["clip"] or facts["task"] != "classification" or facts["answers"] != "frame":
    sys.exit(f"{sys.argv[1]} does not give a label a step of one frame; this client wants such")
if facts["windows"] or facts["horizon"] or facts["fps"] == "native":
    sys.exit(f"{sys.argv[1]} wants windows, a horizon or all frames, which this client lacks")
height, width, fps = seen["height"], seen["width"], float(facts["fps"])
names = list(facts["outputs"])
# Zeros begin a sequence, in each part of the carry.
carry = {name: np.zeros((1, *facts["inputs"][name][1:]), "float32") for name in facts["carry"]}
begin, step = None, 0
with av.open(sys.argv[2]) as video:
    for frame, following in itertools.pairwise(itertools.chain(video.decode(video=0), [None])):
        begin = frame.time if begin is None else begin
        end = frame.time + float((frame.duration or 0) * frame.time_base)
        until = following.time if following else end
        while (second := begin + step / fps) < until - 1e-6:  # It is shown at this instant.
            turned = round(frame.rotation / 90) % 4
            wide, high = (height, width) if turned % 2 else (width, height)
            made = frame.reformat(wide, high, "rgb24", interpolation="AREA").to_ndarray()
            given = np.rot90(made, turned)[None, None]
            answers = dict(zip(names, session.run(names, {"frames": given, **carry}), strict=True))
            carry = {name: answers[after] for name, after in facts["carry"].items()}
            probabilities = answers["outputs"][0, 0]
            best, step = int(probabilities.argmax()), step + 1
            print(f"{second:.3f}\t{facts['classes'][best]}\t{probabilities[best]:.3f}")
