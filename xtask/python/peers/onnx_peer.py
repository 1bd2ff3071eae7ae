"""onnxruntime: prediction alone."""

import numpy
import onnx
import onnxruntime
import protocol
from onnx import TensorProto, helper, numpy_helper


def model(case):
    """The network of the case with random weights, as an ONNX file in memory."""
    random = numpy.random.default_rng(case.seed)
    nodes, weights, value = [], [], "x"
    for number, (k, j) in enumerate(case.layers, 1):
        w = random.standard_normal((k, j), dtype=numpy.float32) / numpy.float32(k**0.5)
        weights += [numpy_helper.from_array(w, f"w{number}"),
                    numpy_helper.from_array(numpy.zeros(j, numpy.float32), f"b{number}")]
        nodes.append(helper.make_node("Gemm", [value, f"w{number}", f"b{number}"], [f"z{number}"]))
        last = number == len(case.layers)
        value = "a" if last else f"a{number}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"z{number}"], [value]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
            for name, width in (("x", case.widths[0]), ("a", case.widths[-1]))]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], weights)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def prepare(case):
    if case.task != "predict":
        raise protocol.Skip("does not train")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = case.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(case), options, providers=["CPUExecutionProvider"])
    x, _ = case.load()
    batches = [x[i : i + case.batch] for i in range(0, len(x), case.batch)]

    def predict():
        for batch in batches:
            session.run(None, {"x": batch})

    return predict, f"onnx {onnx.__version__}"


if __name__ == "__main__":
    protocol.serve("onnxruntime", onnxruntime.__version__, prepare)
