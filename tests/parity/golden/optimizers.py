#!/usr/bin/python3
"""Writes optimizers.hpp beside this file: what PyTorch's optimizers and schedulers do, in float64.

Debian's python3-torch: /usr/bin/python3 tests/parity/golden/optimizers.py
"""
import os

import torch

PARAMETERS = 7
STEPS = 10

# A zero, a large one, both signs; the gradients change sign and size from step to step.
start = [0.5, -1.25, 2.0, 0.0, -0.03125, 10.0, -3.0]
gradients = [[((31 * step + 17 * i) % 23 - 11) / 8 for i in range(PARAMETERS)] for step in range(STEPS)]
for row in gradients:
    row[3] = 0.0

# Lockstep's config, PyTorch's optimizer, clip_grad_value_ (0: none)
optimizers = [
    ("sgd { learning_rate: 0.1 }", lambda p: torch.optim.SGD(p, 0.1), 0),
    ("sgd { learning_rate: 0.1 weight_decay: 0.05 }", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.05), 0),
    ("sgd { learning_rate: 0.1 momentum: 0.9 }", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9), 0),
    ("sgd { learning_rate: 0.1 momentum: 0.9 nesterov: true weight_decay: 0.05 }",
     lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.05), 0),
    ("sgd { learning_rate: 0.1 weight_decay: 0.05 }", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.05), 0.5),
    ("adam {}", lambda p: torch.optim.Adam(p), 0),
    ("adam { learning_rate: 0.1 beta1: 0.8 beta2: 0.95 epsilon: 1e-3 weight_decay: 0.05 }",
     lambda p: torch.optim.Adam(p, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05), 0),
    ("adamw {}", lambda p: torch.optim.AdamW(p), 0),
    ("adamw { learning_rate: 0.1 beta1: 0.8 beta2: 0.95 epsilon: 1e-3 weight_decay: 0.05 }",
     lambda p: torch.optim.AdamW(p, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05), 0),
    ("rmsprop {}", lambda p: torch.optim.RMSprop(p), 0),
    ("rmsprop { learning_rate: 0.02 alpha: 0.9 epsilon: 1e-3 momentum: 0.7 weight_decay: 0.05 }",
     lambda p: torch.optim.RMSprop(p, 0.02, alpha=0.9, eps=1e-3, momentum=0.7, weight_decay=0.05), 0),
]

# Lockstep's config, total steps, whether PyTorch's scheduler counts epochs, PyTorch's scheduler on a learning rate of 1
schedules = [
    ("step { epochs: 3 gamma: 0.5 }", 10, True, lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5)),
    ("exponential { gamma: 0.9 }", 10, True, lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
    ("cosine {}", 20, False, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20)),
    ("cosine { final_factor: 0.1 }", 7, False, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 7, 0.1)),
    ("one_cycle {}", 20, False, lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1, 20, cycle_momentum=False)),
    ("one_cycle { pct_start: 0.45 div_factor: 10 final_div_factor: 50 }", 7, False,
     lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1, 7, pct_start=0.45, div_factor=10, final_div_factor=50,
                                                   cycle_momentum=False)),
    ("polynomial {}", 20, False, lambda o: torch.optim.lr_scheduler.PolynomialLR(o, 20)),
    ("polynomial { power: 2.5 }", 7, False, lambda o: torch.optim.lr_scheduler.PolynomialLR(o, 7, 2.5)),
]


def run_optimizer(make, clip):
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make([p])
    after = []
    for row in gradients:
        p.grad = torch.tensor(row, dtype=torch.float64)
        if clip:
            torch.nn.utils.clip_grad_value_([p], clip)
        optimizer.step()
        after.append(p.detach().tolist())
    return after[0], after[-1]


def run_schedule(steps, make):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler = make(optimizer)
    factors = []
    for _ in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return factors


def braces(numbers):
    return "{" + ", ".join(repr(float(x)) for x in numbers) + "}"


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.hpp"), "w") as out:
    out.write(f"""#pragma once
/// Made by optimizers.py beside this file with PyTorch {torch.__version__}. Do not edit.
// clang-format off

#include <array>
#include <vector>

namespace lockstep::tests::golden {{

using Numbers = std::array<double, {PARAMETERS}>;
inline constexpr Numbers kStart{braces(start)};
inline constexpr std::array<Numbers, {STEPS}> kGradients{{{{
""")
    out.write("".join(f"    {braces(row)},\n" for row in gradients))
    out.write("""}};

struct OptimizerCase {
  const char* config;
  double clip_value;  ///< 0: none
  Numbers after_first, after_last;
};
inline const std::vector<OptimizerCase> kOptimizers{
""")
    for config, make, clip in optimizers:
        first, last = run_optimizer(make, clip)
        out.write(f'    {{"{config}", {float(clip)},\n     {braces(first)},\n     {braces(last)}}},\n')
    out.write("""};

struct ScheduleCase {
  const char* config;
  bool by_epoch;                ///< factors of epochs, else of steps
  std::vector<double> factors;  ///< from 0 to the last of the run
};
inline const std::vector<ScheduleCase> kSchedules{
""")
    for config, steps, by_epoch, make in schedules:
        out.write(f'    {{"{config}", {str(by_epoch).lower()},\n     {braces(run_schedule(steps, make))}}},\n')
    out.write("};\n\n}  // namespace lockstep::tests::golden\n")
