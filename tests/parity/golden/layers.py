#!/usr/bin/python3
"""Writes layers.txt: what PyTorch computes for every layer and loss, for tests/layers/golden_test.cpp.

Usage: layers.py > layers.txt    (Debian 12: python3-torch; made with torch 1.13)

A case: "case NAME", then lines "key value...":
  config     a network in protobuf text format (layers, loss, lane_size = rows)
  input      shape of a row            rows  number of rows
  x, labels  the batch                 NAME  a parameter, named as in Lockstep, plain layout
  loss       SUM over the rows of weight * loss      weight  sum of the row weights
  outputs    logits or values, before softmax or sigmoid, in training mode
  grad.NAME  gradient of that sum
Numbers are rounded to 8 bits of mantissa on the way in, so that few digits describe them exactly.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
torch.set_num_threads(1)


def short(*shape, scale=1.0):
    """Random multiples of scale / 64: few digits, exact."""
    return torch.round((torch.rand(*shape) * 2 - 1) * 64) / 64 * scale


def text(values):
    return " ".join(f"{v:.7g}" for v in torch.as_tensor(values).detach().reshape(-1).tolist())


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + (self.shortcut(x) if self.shortcut else x)


def case(name, config, module, names, rows, shape, labels, loss, weight=None, change=None):
    """names: {Lockstep's name: parameter of the module}; loss(outputs, labels) gives the sum over the rows.
    change: what happens to the random batch before it is used."""
    for p in names.values():
        p.data = short(*p.shape, scale=0.5) + (1 if "norm" in config and p.dim() == 1 and p is not None and
                                              float(p.data.reshape(-1)[0]) == 1 else 0)
    x = short(rows, *shape)
    if change:
        change(x)
    module.train()
    outputs = module(x).reshape(rows, -1)
    total = loss(outputs, labels)
    total.backward()
    print("case", name)
    print("config", config, f"lane_size: {rows}")
    print("input", *shape)
    print("rows", rows)
    print("x", text(x))
    print("labels", text(labels))
    for key, p in names.items():
        print(key, text(p))
    print("outputs", text(outputs))
    print("loss", text(total))
    print("weight", text(float(rows if weight is None else weight)))
    for key, p in names.items():
        print("grad." + key, text(p.grad))


def squared(outputs, labels):
    return F.mse_loss(outputs, labels.reshape(outputs.shape), reduction="none").mean(1).sum()


def layer_case(name, layers, module, names, rows, shape, change=None):
    """Any layers under mean squared error."""
    with torch.no_grad():
        features = module(torch.zeros(rows, *shape)).reshape(rows, -1).shape[1]
    case(name, layers + " loss { mean_squared_error {} }", module, names, rows, shape, short(rows, features), squared,
         change=change)


def pair(prefix, m):
    return {prefix + ".weight": m.weight, prefix + ".bias": m.bias}


def convolutions():
    c = nn.Conv2d(2, 5, 3)
    layer_case("conv2d", "layer { conv2d { filters: 5 kernel_size: 3 } }", c, pair("conv2d_0", c), 2, (2, 6, 5))
    c = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), groups=2)
    layer_case("conv2d_groups", "layer { conv2d { filters: 6 kernel_size: [3, 2] strides: [2, 1] pad: [1, 0] groups: 2 } }",
               c, pair("conv2d_0", c), 2, (4, 5, 4))
    c = nn.Conv2d(1, 3, 3, padding=2, dilation=2, bias=False)
    layer_case("conv2d_dilated", "layer { conv2d { filters: 3 kernel_size: 3 pad: 2 dilation: 2 use_bias: false } }",
               c, {"conv2d_0.weight": c.weight}, 1, (1, 6, 6))
    c = nn.Conv2d(17, 18, 3, padding="same")
    layer_case("conv2d_same", "layer { conv2d { filters: 18 kernel_size: 3 padding: SAME } }", c, pair("conv2d_0", c),
               1, (17, 3, 3))


def pooling():
    for name, module, layer in [
            ("max_pooling", nn.MaxPool2d(2), "max_pooling { kernel_size: 2 }"),
            ("average_pooling", nn.AvgPool2d(2, stride=1), "average_pooling { kernel_size: 2 strides: 1 }"),
            ("average_pooling_same", nn.AvgPool2d(3, padding=1, stride=1, count_include_pad=False),
             "average_pooling { kernel_size: 3 strides: 1 padding: SAME }"),
            ("global_average_pooling", nn.AdaptiveAvgPool2d(1), "global_average_pooling {}"),
            ("flatten", nn.Identity(), "flatten {}")]:
        c = nn.Conv2d(1, 3, 2)
        layer_case(name, "layer { conv2d { filters: 3 kernel_size: 2 } } layer { " + layer + " }",
                   nn.Sequential(c, module), pair("conv2d_0", c), 2, (1, 5, 5))


def activations():
    for name, f in [("RELU", F.relu), ("LEAKY_RELU", F.leaky_relu), ("ELU", F.elu), ("GELU", F.gelu),
                    ("SIGMOID", torch.sigmoid), ("TANH", torch.tanh), ("SOFTMAX", lambda z: F.softmax(z, 1)),
                    ("LOG_SOFTMAX", lambda z: F.log_softmax(z, 1))]:
        class Fused(nn.Module):
            def __init__(self):
                super().__init__()
                self.d = nn.Linear(6, 5)

            def forward(self, x):
                return f(self.d(x))
        m = Fused()
        layer_case(name.lower() + "_in_dense", f"layer {{ dense {{ units: 5 activation: {name} }} }}", m,
                   pair("dense_0", m.d), 3, (6,))
        m = Fused()
        layer_case(name.lower(), f"layer {{ dense {{ units: 5 }} }} layer {{ activation {{ kind: {name} }} }}", m,
                   pair("dense_0", m.d), 3, (6,))


def normalisations():
    d, b = nn.Linear(5, 4), nn.BatchNorm1d(4)
    layer_case("batch_norm", "layer { dense { units: 4 } } layer { batch_norm {} }", nn.Sequential(d, b),
               pair("dense_0", d) | pair("batch_norm_1", b), 6, (5,))
    c, b = nn.Conv2d(2, 20, 2), nn.BatchNorm2d(20)
    layer_case("batch_norm_image", "layer { conv2d { filters: 20 kernel_size: 2 } } layer { batch_norm {} }",
               nn.Sequential(c, b), pair("conv2d_0", c) | pair("batch_norm_1", b), 3, (2, 3, 3))
    c, n = nn.Conv2d(2, 3, 2), nn.LayerNorm([3, 2, 3])
    layer_case("layer_norm", "layer { conv2d { filters: 3 kernel_size: 2 } } layer { layer_norm {} }",
               nn.Sequential(c, n), pair("conv2d_0", c) | pair("layer_norm_1", n), 2, (2, 3, 4))


def residuals():
    a, b = nn.Linear(4, 4), nn.Linear(4, 4)
    layer_case("residual", "layer { residual { layer { dense { units: 4 activation: TANH } } layer { dense { units: 4 } } "
               "activation: RELU } }", nn.Sequential(Residual(nn.Sequential(a, nn.Tanh(), b)), nn.ReLU()),
               pair("residual_0.layer.dense_0", a) | pair("residual_0.layer.dense_1", b), 3, (4,))
    a, s = nn.Conv2d(2, 18, 3, stride=2, padding=1), nn.Conv2d(2, 18, 1, stride=2)
    layer_case("residual_shortcut", "layer { residual { layer { conv2d { filters: 18 kernel_size: 3 strides: 2 pad: 1 } } "
               "shortcut { conv2d { filters: 18 kernel_size: 1 strides: 2 } } } }", Residual(a, s),
               pair("residual_0.layer.conv2d_0", a) | pair("residual_0.shortcut.conv2d_0", s), 1, (2, 4, 4))


def losses():
    def dense(name, config, outputs, labels, loss, weight=None):
        d = nn.Linear(4, outputs)
        case(name, f"layer {{ dense {{ units: {outputs} }} }} loss {{ {config} }}", d, pair("dense_0", d), len(labels),
             (4,), labels, loss, weight)

    classes = torch.tensor([2, 0, 1, 2])
    weights = torch.tensor([0.5, 1.0, 2.0])
    whole = lambda **k: lambda z, y: F.cross_entropy(z, y, reduction="sum", **k)
    dense("cross_entropy", "cross_entropy {}", 3, classes, whole())
    dense("cross_entropy_smoothed", "cross_entropy { label_smoothing: 0.1 }", 3, classes, whole(label_smoothing=0.1))
    dense("cross_entropy_weighted", "cross_entropy { class_weights: [0.5, 1, 2] }", 3, classes, whole(weight=weights),
          float(weights[classes].sum()))
    dense("cross_entropy_both", "cross_entropy { class_weights: [0.5, 1, 2] label_smoothing: 0.25 }", 3, classes,
          whole(weight=weights, label_smoothing=0.25), float(weights[classes].sum()))
    binary = torch.tensor([1.0, 0.0, 0.0])
    bce = lambda z, y: F.binary_cross_entropy_with_logits(z[:, 0], y, reduction="sum")
    dense("binary_cross_entropy", "binary_cross_entropy {}", 1, binary, bce)
    dense("binary_cross_entropy_smoothed", "binary_cross_entropy { label_smoothing: 0.2 }", 1, binary,
          lambda z, y: bce(z, 0.8 * y + 0.1))
    pixels = torch.rand(3, 4).mul(16).round().div(16)
    dense("binary_cross_entropy_pixels", "binary_cross_entropy {}", 4, pixels,
          lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").mean(1).sum())
    targets = short(3, 2, scale=2.0)
    dense("mean_squared_error", "mean_squared_error {}", 2, targets, squared)
    dense("mean_absolute_error", "mean_absolute_error {}", 2, targets,
          lambda z, y: F.l1_loss(z, y, reduction="none").mean(1).sum())
    dense("huber", "huber { delta: 0.5 }", 2, targets,
          lambda z, y: F.huber_loss(z, y, reduction="none", delta=0.5).mean(1).sum())


def main():
    print("# made by layers.py, torch", torch.__version__)
    d = nn.Linear(7, 3)
    layer_case("dense", "layer { dense { units: 3 } }", d, pair("dense_0", d), 4, (7,))
    convolutions()
    pooling()
    activations()
    normalisations()
    residuals()
    losses()


if __name__ == "__main__":
    main()
