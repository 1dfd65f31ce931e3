#!/usr/bin/python3
"""Writes encoder_decoder.txt: what PyTorch computes for encoder_decoder layers, for tests/layers/encoder_decoder_test.cpp.

Usage: encoder_decoder.py > encoder_decoder.txt    (Debian 12: python3-torch; made with torch 1.13)

Format: layers.py. x are the ids of the texts, labels those of the targets, 0 behind their ends. Loss and gradients are those of the sum over the words
and the ends of the targets. `greedy`: the likeliest word at each step, as many as fit, 0 behind the end of a text.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from layers import short, text

BEGIN, END, FIRST = 2, 3, 4


class Translator(nn.Module):
    def __init__(self, cell, embedding, units, layers, both, attention, words):
        super().__init__()
        rnn = nn.LSTM if cell == "LSTM" else nn.GRU
        self.lstm, self.both, self.layers = cell == "LSTM", both, layers
        self.source, self.target = nn.Embedding(words, embedding), nn.Embedding(words, embedding)
        self.encoder = rnn(embedding, units // (2 if both else 1), layers, batch_first=True, bidirectional=both)
        self.decoder = rnn(embedding, units, layers, batch_first=True)
        self.query = nn.Linear(units, units, bias=False) if attention else None
        self.combine = nn.Linear(2 * units, units, bias=False) if attention else None
        self.output = nn.Linear(units, words)

    def joined(self, states):
        if not self.both:
            return states
        return torch.stack([torch.cat([states[2 * l], states[2 * l + 1]], 1) for l in range(self.layers)])

    def encode(self, x, lengths):
        vectors = F.embedding(x, self.source.weight, padding_idx=0)
        packed = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.encoder(packed)
        last = tuple(self.joined(s) for s in last) if self.lstm else self.joined(last)
        return pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])[0], last

    def logits(self, ids, encoded, lengths, last):
        """Logits behind each of the ids of one row, and the decoder's last states."""
        states, last = self.decoder(F.embedding(ids, self.target.weight, padding_idx=0), last)
        if self.query is not None:
            scores = self.query(states) @ encoded.transpose(1, 2)
            seen = torch.arange(encoded.shape[1]) < torch.tensor(lengths).unsqueeze(1)
            weights = torch.softmax(scores.masked_fill(~seen.unsqueeze(1), float("-inf")), 2)
            states = torch.tanh(self.combine(torch.cat([weights @ encoded, states], 2)))
        return self.output(states), last


def row_of(last, n):
    return tuple(s[:, n:n + 1].contiguous() for s in last) if isinstance(last, tuple) else last[:, n:n + 1].contiguous()


def names(module, cell):
    found = {"encoder.embedding.weight": module.source.weight, "decoder.embedding.weight": module.target.weight}
    for side, rnn in (("encoder", module.encoder), ("decoder", module.decoder)):
        for name, parameter in rnn.named_parameters():
            if cell == "LSTM" and name.startswith("bias_hh"):
                parameter.data.zero_()
                continue
            name = name.replace("bias_ih", "bias") if cell == "LSTM" else name
            found[f"{side}.{cell.lower()}.{name}"] = parameter
    if module.query is not None:
        found["decoder.attention.weight"] = module.query.weight
        found["decoder.attention.combine_weight"] = module.combine.weight
    found["decoder.output.weight"], found["decoder.output.bias"] = module.output.weight, module.output.bias
    return {"encoder_decoder_0." + name: parameter for name, parameter in found.items()}


def greedy(module, x, lengths, steps):
    encoded, last = module.encode(x, lengths)
    texts = []
    for n in range(x.shape[0]):
        states, word, written = row_of(last, n), BEGIN, []
        while len(written) < steps:
            logits, states = module.logits(torch.tensor([[word]]), encoded[n:n + 1], lengths[n:n + 1], states)
            word = int(logits[0, 0, END:].argmax()) + END
            if word == END:
                break
            written.append(word)
        texts.append(written + [0] * (steps - len(written)))
    return texts


def case(name, cell, units, layers, both, attention, smoothing=0.0):
    words, steps = 9, 4
    x = torch.tensor([[4, 5, 6, 7, 8], [8, 1, 4, 0, 0], [5, 0, 0, 0, 0]])
    lengths = [5, 3, 1]
    targets = [[4, 8], [6, 7, 1, 5], []]
    module = Translator(cell, 3, units, layers, both, attention, words)
    parameters = names(module, cell)
    for parameter in parameters.values():
        parameter.data = short(*parameter.shape, scale=1.5)
    module.output.weight.data *= 2
    module.source.weight.data[0] = 0
    module.target.weight.data[0] = 0
    encoded, last = module.encode(x, lengths)
    total, count = 0, 0
    for n, target in enumerate(targets):
        ids, wanted = torch.tensor([[BEGIN] + target]), torch.tensor(target + [END])
        logits, _ = module.logits(ids, encoded[n:n + 1], lengths[n:n + 1], row_of(last, n))
        total = total + F.cross_entropy(logits[0], wanted, reduction="sum", label_smoothing=smoothing)
        count += len(wanted)
    total.backward()
    print("case", name)
    print(f"config layer {{ encoder_decoder {{ cell: {cell} embedding_units: 3 units: {units} num_layers: {layers} "
          f"bidirectional: {str(both).lower()} attention: {str(attention).lower()} source_vocabulary: {words} "
          f"target_vocabulary: {words} target_length: {steps} }} }} "
          f"loss {{ token_cross_entropy {{ label_smoothing: {smoothing} }} }} lane_size: 3")
    print("input", x.shape[1])
    print("rows", x.shape[0])
    print("x", text(x))
    print("labels", text(torch.tensor([target + [0] * (steps - len(target)) for target in targets])))
    for key, parameter in parameters.items():
        print(key, text(parameter))
    print("loss", text(total))
    print("weight", count)
    for key, parameter in parameters.items():
        print("grad." + key, text(parameter.grad))
    with torch.no_grad():
        print("greedy", text(torch.tensor(greedy(module, x, lengths, steps))))


if __name__ == "__main__":
    torch.manual_seed(6)
    print("# made by encoder_decoder.py, torch", torch.__version__)
    case("lstm", "LSTM", 4, 1, True, True)
    case("gru", "GRU", 4, 1, True, True)
    case("lstm_deep", "LSTM", 6, 2, True, True, 0.1)
    case("gru_one_way", "GRU", 3, 2, False, True)
    case("lstm_without_attention", "LSTM", 4, 1, True, False)
