"""Labels for a recording of features, by NumPy and ONNX Runtime alone: one label a step.

python onnx_client.py model.onnx features.npy        # <float>[N, F], made as for training
"""

import json
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1])
facts = json.loads(session.get_modelmeta().custom_metadata_map["longtake"])
if facts["task"] != "classification" or facts["answers"] != "frame":
    sys.exit(f"{sys.argv[1]} does not give one label a step, which is all that this client reads")
if facts["windows"] or facts["past"]:
    sys.exit(f"{sys.argv[1]} wants windows or past labels, which this client does not feed")
names = list(facts["outputs"])
# Zeros begin a sequence, in each part of the carry.
carry = {name: np.zeros((1, *facts["inputs"][name][1:]), "float32") for name in facts["carry"]}
recording = np.load(sys.argv[2]).astype("float32")
# Late answers: the last step again, until the answer about it has come.
steps = np.concatenate([recording, recording[-1:].repeat(facts.get("repeat_last", 0), axis=0)])
for step, features in enumerate(steps, facts["horizon"]):
    made = session.run(names, {"features": features[None, None], **carry})
    answers = dict(zip(names, made, strict=True))
    carry = {name: answers[after] for name, after in facts["carry"].items()}
    probabilities = answers["outputs"][0, 0]
    best = int(probabilities.argmax())
    if step >= 0:  # The first late answers are about none.
        print(f"{step}\t{facts['classes'][best]}\t{probabilities[best]:.3f}")
