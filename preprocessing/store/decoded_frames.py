"""The frames of a store as pixels."""

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.jpeg import decoded_all, shrunken
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo


def decoded_frames(
    store: FeatureStore, info: SequenceInfo, start: int, stop: int, small: bool = False
) -> NDArray[np.uint8]:
    """Reads the frames of consecutive steps, ``<uint8>[stop - start, H, W, 3]``, RGB.

    Args:
        store: the store.
        info: a sequence of it that has frames.
        start: the first step.
        stop: the step behind the last.
        small: whether an eighth of height and width will do, which takes a fraction of the time.

    Raises:
        InputError: a frame cannot be read, or is damaged.
    """
    size = info.frame_size or (0, 0)
    contents = store.jpegs(info.sequence_id, start, stop)
    try:
        if small:
            return np.stack([shrunken(content, size) for content in contents])
        return np.stack(decoded_all(contents, size))
    except ValueError as error:
        raise InputError(
            f"{store.path(info.sequence_id)}: one of the frames of steps {start} to {stop - 1} is "
            f"damaged ({error}); delete it and extract it again"
        ) from None
