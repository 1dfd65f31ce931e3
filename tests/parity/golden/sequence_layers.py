#!/usr/bin/python3
"""Writes sequence_layers.txt: what PyTorch computes for the layers that read sequences, for tests/layers/golden_test.cpp.

Usage: sequence_layers.py > sequence_layers.txt    (Debian 12: python3-torch; made with torch 1.13)

Format and rules: layers.py. PyTorch has two biases where one would do; the second is zero here.
"""
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from layers import layer_case


class Recurrent(nn.Module):
    """[N, T, F] -> the last states of the last layer, or all of them; lengths: steps of each row."""

    def __init__(self, rnn, sequence=False, lengths=None):
        super().__init__()
        self.rnn, self.sequence, self.lengths = rnn, sequence, lengths

    def forward(self, x):
        x = x if x.dim() == 3 else x.unsqueeze(1)
        lengths = self.lengths or [x.shape[1]] * x.shape[0]
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.rnn(packed)
        if self.sequence:
            return pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])[0]
        last = last[0] if isinstance(self.rnn, nn.LSTM) else last
        directions = 2 if self.rnn.bidirectional else 1
        return torch.cat(list(last[-directions:]), 1)


class PaperGru(nn.Module):
    """Cho 2014: the reset gate acts on the state before the product. Step by step, gates r, z, n."""

    def __init__(self, features, units):
        super().__init__()
        self.units = units
        self.weight_ih_l0 = nn.Parameter(torch.zeros(3 * units, features))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(3 * units, units))
        self.bias_l0 = nn.Parameter(torch.zeros(3 * units))

    def forward(self, x):
        w_r, w_z, w_n = self.weight_ih_l0.split(self.units)
        u_r, u_z, u_n = self.weight_hh_l0.split(self.units)
        b_r, b_z, b_n = self.bias_l0.split(self.units)
        h = torch.zeros(x.shape[0], self.units)
        for t in range(x.shape[1]):
            step = x[:, t]
            r = torch.sigmoid(step @ w_r.T + h @ u_r.T + b_r)
            z = torch.sigmoid(step @ w_z.T + h @ u_z.T + b_z)
            n = torch.tanh(step @ w_n.T + (r * h) @ u_n.T + b_n)
            h = (1 - z) * n + z * h
        return h


def names(prefix, rnn):
    """{Lockstep's name: parameter}; a zero takes the place of biases that Lockstep does not have."""
    found = {}
    for name, parameter in rnn.named_parameters():
        if name.startswith("bias") and isinstance(rnn, (nn.RNN, nn.LSTM)):
            if name.startswith("bias_hh"):
                parameter.data.zero_()
                continue
            name = name.replace("bias_ih", "bias")
        found[prefix + "." + name] = parameter
    return found


def recurrent_case(name, layer, rnn, rows, shape, lengths=None):
    kind = layer.split()[0]
    module = rnn if isinstance(rnn, PaperGru) else Recurrent(rnn, "return_sequences" in layer, lengths)
    layers = "layer { " + layer + " }"
    if not lengths:
        layer_case(name, layers, module, names(kind + "_0", rnn), rows, shape)
        return

    def cut(x):
        for row, length in enumerate(lengths):
            x[row, length:] = 0
    layer_case(name, "layer { masking {} } " + layers, module, names(kind + "_1", rnn), rows, shape, change=cut)


def main():
    print("# made by sequence_layers.py, torch", torch.__version__)
    batch = dict(batch_first=True)
    recurrent_case("simple_rnn", "simple_rnn { units: 3 }", nn.RNN(2, 3, **batch), 2, (4, 2))
    recurrent_case("simple_rnn_relu", "simple_rnn { units: 3 activation: RELU return_sequences: true }",
                   nn.RNN(2, 3, nonlinearity="relu", **batch), 2, (4, 2))
    recurrent_case("lstm", "lstm { units: 3 }", nn.LSTM(2, 3, **batch), 3, (4, 2))
    recurrent_case("lstm_of_one_step", "lstm { units: 3 }", nn.LSTM(5, 3, **batch), 2, (5,))
    recurrent_case("lstm_deep", "lstm { units: 2 num_layers: 2 bidirectional: true return_sequences: true }",
                   nn.LSTM(3, 2, num_layers=2, bidirectional=True, **batch), 2, (3, 3))
    recurrent_case("lstm_packed", "lstm { units: 3 bidirectional: true }",
                   nn.LSTM(2, 3, bidirectional=True, **batch), 3, (4, 2), [2, 4, 1])
    recurrent_case("lstm_packed_states", "lstm { units: 2 num_layers: 2 bidirectional: true return_sequences: true }",
                   nn.LSTM(2, 2, num_layers=2, bidirectional=True, **batch), 3, (4, 2), [3, 1, 4])
    recurrent_case("gru", "gru { units: 3 }", nn.GRU(2, 3, **batch), 3, (4, 2))
    recurrent_case("gru_deep", "gru { units: 2 num_layers: 2 bidirectional: true return_sequences: true }",
                   nn.GRU(3, 2, num_layers=2, bidirectional=True, **batch), 2, (3, 3))
    recurrent_case("gru_packed", "gru { units: 3 num_layers: 2 }", nn.GRU(2, 3, num_layers=2, **batch), 3, (4, 2),
                   [2, 4, 1])
    recurrent_case("gru_of_the_paper", "gru { units: 3 reset_after: false }", PaperGru(2, 3), 3, (4, 2))


if __name__ == "__main__":
    torch.manual_seed(2)
    main()
