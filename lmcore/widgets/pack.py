"""A model as bytes for the page: fp16, or 8, 6 or 5 bits a weight with a scale for each row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Literal, get_args

import numpy as np
from torch import nn

PackedType = Literal["float16", "int8", "int6", "int5"]
LARGEST = {"int8": 127, "int6": 31, "int5": 15}


def pack_model(model: nn.Module, dtype: PackedType = "float16") -> tuple[dict, bytes]:
    """A manifest for ``engine.js`` and the weights as one block of bytes.

    "float16" takes 2 bytes a number. "int8" takes 1 for matrices, with an fp32 scale a row, and
    leaves vectors in fp16. "int6" takes 3 bytes for 4 numbers; a notebook keeps bytes in base64,
    where each number is then one letter, and compresses to less than they would unaligned. "int5"
    is int6 with half of its steps: as many bytes, which compress by another eighth.
    Raises ValueError for another ``dtype``.
    """
    if dtype not in get_args(PackedType):
        raise ValueError(f"dtype {dtype!r} is unknown: {', '.join(get_args(PackedType))}")
    payload, tensors = bytearray(), []
    for name, tensor in model.state_dict().items():
        values = tensor.detach().float().cpu().numpy()
        entry = {"name": name, "shape": list(values.shape), "dtype": "float16"}
        if dtype in LARGEST and values.ndim == 2:
            scales = (np.maximum(np.abs(values).max(1), 1e-12) / LARGEST[dtype]).astype("<f4")
            kept = "int8" if dtype == "int8" else "int6"  # how the page reads it
            entry |= {"dtype": kept, "scales": len(payload)}
            payload += scales.tobytes()
            payload += bytes(-len(payload) % 3)  # where base64 begins a new group of letters
            entry["offset"] = len(payload)
            whole = np.round(values / scales[:, None]).astype(np.int8)
            payload += whole.tobytes() if dtype == "int8" else _six_bits(whole)
        else:
            entry["offset"] = len(payload)
            payload += values.astype("<f2").tobytes()
        tensors.append(entry)
    config = asdict(model.config)
    content = bytes(payload)
    wiring = json.dumps([config, tensors]).encode()
    digest = hashlib.sha256(wiring + content).hexdigest()
    return {"config": config, "tensors": tensors, "digest": digest}, content


def _six_bits(whole: np.ndarray) -> bytes:
    """Numbers from -32 to 31, four in three bytes, the first in the highest bits."""
    codes = (whole.flatten() + 32).astype(np.uint8)
    a, b, c, d = np.pad(codes, (0, -len(codes) % 4)).reshape(-1, 4).T
    return np.stack([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d], 1).tobytes()
