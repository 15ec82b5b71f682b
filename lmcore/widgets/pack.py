"""A model as bytes for the page: fp16, or int8 with a scale for each row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Literal

import numpy as np
from torch import nn

PackedType = Literal["float16", "int8"]


def pack_model(model: nn.Module, dtype: PackedType = "float16") -> tuple[dict, bytes]:
    """A manifest for ``engine.js`` and the weights as one block of bytes.

    "float16" takes 2 bytes a number. "int8" takes 1 for matrices, with an fp32 scale a row, and
    leaves vectors in fp16. Raises ValueError for another ``dtype``.
    """
    if dtype not in ("float16", "int8"):
        raise ValueError(f"dtype {dtype!r} is unknown: float16 or int8")
    payload, tensors = bytearray(), []
    for name, tensor in model.state_dict().items():
        values = tensor.detach().float().cpu().numpy()
        entry = {"name": name, "shape": list(values.shape), "dtype": "float16"}
        if dtype == "int8" and values.ndim == 2:
            scales = np.maximum(np.abs(values).max(1), 1e-12) / 127
            entry |= {"dtype": "int8", "scales": len(payload)}
            payload += scales.astype("<f4").tobytes()
            entry["offset"] = len(payload)
            payload += np.round(values / scales[:, None]).astype(np.int8).tobytes()
        else:
            entry["offset"] = len(payload)
            payload += values.astype("<f2").tobytes()
        tensors.append(entry)
    config = asdict(model.config)
    content = bytes(payload)
    wiring = json.dumps([config, tensors]).encode()
    digest = hashlib.sha256(wiring + content).hexdigest()
    return {"config": config, "tensors": tensors, "digest": digest}, content
