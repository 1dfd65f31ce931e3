#!/usr/bin/python3
"""Writes step_layers.txt: what PyTorch computes for embedding, conv1d, 1-d pooling, attention, transposed
convolution, branches and tied weights, for tests/layers/golden_test.cpp.

Usage: step_layers.py > step_layers.txt    (Debian 12: python3-torch; made with torch 1.13)

Format and rules: layers.py.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from layers import layer_case, pair


class OverTime(nn.Module):
    """A module that wants [N, F, T], on [N, T, F]."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.transpose(1, 2)).transpose(1, 2)


class SelfAttention(nn.Module):
    def __init__(self, attention, causal=False):
        super().__init__()
        self.attention, self.causal = attention, causal

    def forward(self, x):
        steps = x.shape[1]
        hidden = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1) if self.causal else None
        return self.attention(x, x, x, attn_mask=hidden, need_weights=False)[0]


class MaskedAttention(nn.Module):
    """Rows of these lengths, then the mean over their steps."""

    def __init__(self, attention, lengths):
        super().__init__()
        self.attention, self.lengths = attention, torch.tensor(lengths)

    def forward(self, x):
        padding = torch.arange(x.shape[1])[None, :] >= self.lengths[:, None]
        y = self.attention(x, x, x, key_padding_mask=padding, need_weights=False)[0]
        return y.masked_fill(padding[:, :, None], 0).sum(1) / self.lengths[:, None]


class Branches(nn.Module):
    """The input itself and its convolution, side by side; then the largest over time."""

    def __init__(self, convolution):
        super().__init__()
        self.convolution = OverTime(convolution)

    def forward(self, x):
        return torch.cat([self.convolution(x), x], 2).max(1)[0]


class Tied(nn.Module):
    def __init__(self, dense, units):
        super().__init__()
        self.dense, self.bias = dense, nn.Parameter(torch.zeros(units))

    def forward(self, x):
        return F.linear(torch.tanh(self.dense(x)), self.dense.weight.T, self.bias)


class Words(nn.Module):
    def __init__(self, embedding):
        super().__init__()
        self.embedding = embedding

    def forward(self, x):
        return self.embedding(x.long()).mean(1)


def ids(x):
    x.copy_((x.abs() * 64) % 6 // 1 + 1)


def main():
    m = nn.Conv1d(5, 4, 3)
    layer_case("conv1d", "layer { conv1d { filters: 4 kernel_size: 3 } }", OverTime(m), pair("conv1d_0", m), 2, (6, 5))
    m = nn.Conv1d(4, 6, 3, padding=2, dilation=2, groups=2)
    layer_case("conv1d_groups", "layer { conv1d { filters: 6 kernel_size: 3 padding: SAME dilation: 2 groups: 2 } }",
               OverTime(m), pair("conv1d_0", m), 2, (7, 4))
    m = nn.Conv1d(3, 2, 2, stride=2)
    layer_case("conv1d_relu", "layer { conv1d { filters: 2 kernel_size: 2 strides: 2 activation: RELU } }",
               nn.Sequential(OverTime(m), nn.ReLU()), pair("conv1d_0", m), 3, (7, 3))
    m = nn.Conv1d(2, 3, 1)
    layer_case("max_pooling1d", "layer { conv1d { filters: 3 kernel_size: 1 } } layer { max_pooling1d { kernel_size: 3 "
               "strides: 2 } }", OverTime(nn.Sequential(m, nn.MaxPool1d(3, 2))), pair("conv1d_0", m), 2, (7, 2))
    m = nn.Conv1d(2, 3, 1)
    layer_case("average_pooling1d", "layer { conv1d { filters: 3 kernel_size: 1 } } layer { average_pooling1d { "
               "kernel_size: 2 } }", OverTime(nn.Sequential(m, nn.AvgPool1d(2))), pair("conv1d_0", m), 2, (6, 2))
    for name, causal in (("attention", False), ("attention_causal", True)):
        m = nn.MultiheadAttention(6, 2, batch_first=True)
        names = {"attention_0.in_proj_weight": m.in_proj_weight, "attention_0.in_proj_bias": m.in_proj_bias}
        names.update(pair("attention_0.out_proj", m.out_proj))
        layer_case(name, "layer { attention { heads: 2 causal: %s } }" % str(causal).lower(), SelfAttention(m, causal),
                   names, 2, (4, 6))
    m = nn.ConvTranspose2d(2, 3, 3)
    layer_case("conv2d_transpose", "layer { conv2d_transpose { filters: 3 kernel_size: 3 } }", m,
               pair("conv2d_transpose_0", m), 2, (2, 3, 4))
    m = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1)
    layer_case("conv2d_transpose_strides", "layer { conv2d_transpose { filters: 2 kernel_size: 3 strides: 2 pad: 1 "
               "output_pad: 1 activation: TANH } }", nn.Sequential(m, nn.Tanh()), pair("conv2d_transpose_0", m), 2, (3, 3, 3))
    m = nn.Embedding(7, 3)
    layer_case("embedding", "layer { embedding { units: 3 vocabulary_size: 7 } } layer { mean_over_time {} }", Words(m),
               {"embedding_0.weight": m.weight}, 3, (5,), change=ids)
    lengths = [2, 4, 1]

    def cut(x):
        for row, length in enumerate(lengths):
            x[row, length:] = 0
    m = nn.MultiheadAttention(6, 3, batch_first=True)
    names = {"attention_1.in_proj_weight": m.in_proj_weight, "attention_1.in_proj_bias": m.in_proj_bias}
    names.update(pair("attention_1.out_proj", m.out_proj))
    layer_case("attention_masked", "layer { masking {} } layer { attention { heads: 3 } } layer { mean_over_time {} }",
               MaskedAttention(m, lengths), names, 3, (4, 6), change=cut)
    m = nn.Conv1d(3, 2, 3, padding=1)
    layer_case("concatenate", "layer { concatenate { branch { layer { conv1d { filters: 2 kernel_size: 3 padding: SAME } } } "
               "branch {} } } layer { max_over_time {} }", Branches(m), pair("concatenate_0.branch_0.conv1d_0", m), 2, (5, 3))
    m = Tied(nn.Linear(5, 3), 5)
    layer_case("tied_dense", "layer { name: \"in\" dense { units: 3 activation: TANH } } "
               "layer { dense { units: 5 tied_to: \"in\" } }", m, pair("in", m.dense) | {"dense_1.bias": m.bias}, 4, (5,))
    m = nn.Conv2d(2, 3, 2)
    layer_case("up_sampling2d", "layer { conv2d { filters: 3 kernel_size: 2 } } layer { up_sampling2d { size: [2, 3] } }",
               nn.Sequential(m, nn.Upsample(scale_factor=(2, 3))), pair("conv2d_0", m), 2, (2, 3, 3))


if __name__ == "__main__":
    main()
