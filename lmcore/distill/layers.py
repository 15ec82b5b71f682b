"""Which of a teacher's layers a student starts from, or imitates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lmcore.encoders import MaskedLM

LayerMap = Literal["uniform", "top", "bottom"]


def spread_layers(student: int, teacher: int) -> tuple[int, ...]:
    """Which of the teacher's layers, counted from 0, a student starts from: the first, the last
    and evenly between; 6 of 12 are DistilBERT's 0, 2, 4, 7, 9, 11 (section 3 and its code).

    Raises ValueError where the student is the deeper one.
    """
    _check_depths(student, teacher)
    step = (teacher - 1) / max(student - 1, 1)
    return tuple(round(layer * step) for layer in range(student))


def layer_map(kind: LayerMap, student: int, teacher: int) -> tuple[int, ...]:
    """g(1) … g(M), the teacher's layer, counted from 1, that each student layer imitates.

    "uniform" is g(m) = m·N/M (rounded down), "top" g(m) = m + N - M, "bottom" g(m) = m (TinyBERT,
    table 4). Layer 0, the embeddings, always imitates layer 0.
    Raises ValueError for another name, or where the student is the deeper one.
    """
    _check_depths(student, teacher)
    layers = range(1, student + 1)
    maps = {
        "uniform": tuple(m * teacher // student for m in layers),
        "top": tuple(m + teacher - student for m in layers),
        "bottom": tuple(layers),
    }
    if kind not in maps:
        raise ValueError(f"layer map {kind!r} is unknown: {', '.join(maps)}")
    return maps[kind]


def _check_depths(student: int, teacher: int) -> None:
    if not 1 <= student <= teacher:
        raise ValueError(
            f"{student} layers of student are not allowed: from 1 to the teacher's {teacher}"
        )


def init_student(student: MaskedLM, teacher: MaskedLM, layers: Sequence[int]) -> None:
    """Copy into ``student`` the teacher's embeddings, head, and those of its ``layers``, counted
    from 0 (DistilBERT, section 3: an initialization that is possible since widths are equal).

    Segment embeddings and pooler go along where both have them. Raises ValueError where a tensor
    would not fit, or for a number of layers that is not the student's.
    """
    depth = teacher.config.num_layers
    if len(layers) != len(student.transformer.blocks):
        raise ValueError(
            f"{len(layers)} layers for a student of {len(student.transformer.blocks)}: as many"
        )
    if not all(0 <= layer < depth for layer in layers):
        raise ValueError(f"layers {list(layers)} are not allowed: from 0 to {depth - 1}")
    one, other = student.transformer, teacher.transformer
    pairs = [(one.embeddings, other.embeddings), (student.head, teacher.head)]
    pairs += [
        (block, other.blocks[teacher.config.block_of_layer(layer)])
        for block, layer in zip(one.blocks, layers, strict=True)
    ]
    if one.pooler is not None and other.pooler is not None:
        pairs.append((one.pooler, other.pooler))
    for mine, theirs in pairs:
        wanted = mine.state_dict()
        for name, tensor in theirs.state_dict().items():
            if name in wanted and wanted[name].shape != tensor.shape:
                raise ValueError(
                    f"the teacher's {name} {tuple(tensor.shape)} does not fit the student's "
                    f"{tuple(wanted[name].shape)}"
                )
        mine.load_state_dict({n: t for n, t in theirs.state_dict().items() if n in wanted})
