"""Takes the always-on dropout out of FastSpeech2's model file, so that the built-in operations suffice to run it.

The published file was exported with the dropout of its prediction layers left in: ``y * 2.0 * (uniform >= 0.5)``, twice. The random
numbers come from a TensorFlow operation that the small runtime does not have. Here each is replaced by a constant 1.0, so that the
mask is all ones, and the scale 2.0 by 1.0: the expected value, and the same audio each time.
"""

from __future__ import annotations

import struct
from typing import Any

_RANDOM = b"FlexRandomUniform"
_ONE = struct.pack("<f", 1.0)


def without_dropout(model: bytes) -> bytes:
    """The model file with its dropouts made the identity; about 0.5 s.

    Raises:
        ValueError: the file holds no such dropout, or one of another shape: it is not the file this was written for.
    """
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(bytearray(model), 0))
    graph = tree.subgraphs[0]
    masks = [op for op in graph.operators if tree.operatorCodes[op.opcodeIndex].customCode == _RANDOM]
    fills = [
        index
        for index, code in enumerate(tree.operatorCodes)
        if not code.customCode and max(code.builtinCode, code.deprecatedBuiltinCode) == schema.BuiltinOperator.FILL
    ]
    if not masks or not fills:
        raise ValueError(f"{len(masks)} dropouts and {len(fills)} fill operations found; expected some of both")
    one = _constant_one(tree, graph, schema, np)
    for scale in {
        _scale_of(mask, graph, tree) for mask in masks
    }:  # a set, all found before any is changed: they may share one
        tree.buffers[graph.tensors[scale].buffer].data = np.frombuffer(_ONE, np.uint8)
    for mask in masks:
        mask.opcodeIndex = fills[0]
        mask.inputs = np.array(
            [mask.inputs[0], one], np.int32
        )  # FILL(shape, value): the shape was the generator's already
        mask.customOptions = None
        mask.builtinOptionsType = schema.BuiltinOptions.FillOptions
        mask.builtinOptions = schema.FillOptionsT()
    builder = flatbuffers.Builder(len(model) + (1 << 20))
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _constant_one(tree: Any, graph: Any, schema: Any, np: Any) -> int:
    """Add a scalar 1.0 to the graph; returns its tensor's index."""
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.frombuffer(_ONE, np.uint8)
    tree.buffers.append(buffer)
    tensor.name, tensor.type, tensor.shape = b"one", schema.TensorType.FLOAT32, np.array([], np.int32)
    tensor.buffer = len(tree.buffers) - 1
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _scale_of(mask: Any, graph: Any, tree: Any) -> int:
    """The tensor that holds the 2.0 of ``(y * 2.0) * cast(uniform >= rate)``, found from the uniform numbers downwards."""

    def reader(tensor: int) -> Any:
        readers = [op for op in graph.operators if op.inputs is not None and tensor in list(op.inputs)]
        if len(readers) != 1:
            raise ValueError(f"{len(readers)} operations read one step of a dropout; expected 1")
        return readers[0]

    compared = reader(mask.outputs[0])
    cast = reader(compared.outputs[0])
    product = reader(cast.outputs[0])
    scaled = next(tensor for tensor in product.inputs if tensor != cast.outputs[0])
    scaler = next(op for op in graph.operators if scaled in list(op.outputs))
    for tensor in scaler.inputs:
        data = tree.buffers[graph.tensors[tensor].buffer].data
        if data is not None and len(data) == len(_ONE) and struct.unpack("<f", bytes(data))[0] == 2.0:
            return int(tensor)
    raise ValueError("a dropout without the scale 2.0")
