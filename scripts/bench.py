"""The turns, medians and tables of scripts/bench, which see for the usage."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys

import bench_parse

PYTHON = "/usr/bin/python3"
# Runs a command and says on standard error how much memory the largest of its processes took at most.
PEAK = """import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print("peak_kb", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)"""
# A product, and which library made it: the reference BLAS is several times slower than any that people measure with.
WHOSE_BLAS = """import torch
torch.mm(torch.ones(256, 256), torch.ones(256, 256))
maps = open("/proc/self/maps").read()
print(torch.__version__, any(name in maps for name in ("openblas", "mkl", "blis")) or "mkl" in torch.__config__.show().lower())"""
# Steps a turn: a few seconds each on one core of today.
STEPS = {"mlp": 200, "lenet": 100, "cnn": 40, "vgg": 10, "ae": 200, "lstm": 20}
FAILED_AFTER_SECONDS = 900


def note(text):
    print(text, file=sys.stderr, flush=True)


def run(command, environment=None):
    """Standard output of a command that must succeed."""
    return completed(command, environment).stdout


def completed(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL,
                          timeout=FAILED_AFTER_SECONDS)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def lockstep_turn(a, name, exchange="tree"):
    output = run(["scripts/mpirun", "-n", str(a.ranks), a.lockstep, "bench", f"configs/bench/{name}.textproto",
                  "--threads", str(a.threads), "--steps", str(steps_of(a, name)), "--exchange", exchange, "--json"])
    return json.loads(output[output.index("{"):])


def torch_turn(a, name, one_process=False):
    """PyTorch DistributedDataParallel, or one process that has all the threads and all the rows."""
    ranks, threads, batch = (1, a.ranks * a.threads, a.ranks * a.batch) if one_process else (a.ranks, a.threads, a.batch)
    with socket.socket() as s:  # a free port: the one of the last turn may not be free yet
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    # Some machines pin OpenBLAS to a kernel that is not the best one: the peer runs at its best.
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    environment["OMP_NUM_THREADS"] = str(threads)
    done = completed([PYTHON, "-c", PEAK, a.peer_python, a.torch, "--ranks", str(ranks), "--threads", str(threads),
                      "--batch", str(batch), "--model", name, "--steps", str(steps_of(a, name)), "--port", str(port)],
                     environment)
    found = re.search(r"samples/s=([0-9.]+) step_ms=([0-9.]+)", done.stdout)
    if found is None:
        sys.exit(f"bench: {a.torch} printed no samples/s:\n{done.stdout}")
    return {"samples_per_second": float(found[1]), "step_seconds": float(found[2]) / 1e3,
            "peak_rss_bytes": 1024 * int(re.search(r"peak_kb (\d+)", done.stderr)[1])}


def steps_of(a, name):
    return max(3, round(STEPS.get(name, 40) * a.steps_factor))


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    field = lambda key: next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith(key)), "")
    flags = field("flags").split() or field("Features").split()
    memory = int(re.search(r"MemTotal: *(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) // 1024
    return {"cpu": field("model name") or platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "memory_mb": memory, "kernel": platform.release(), "load_before": round(os.getloadavg()[0], 2),
            "instruction_sets": [f for f in flags if re.fullmatch(r"avx2|fma|avx512f|avx512_bf16|amx_tile|asimd|sve", f)]}


def versions(with_torch):
    packages = ["libdnnl-dev", "libopenmpi-dev", "g++", "python3-sklearn"] + (["python3-torch"] if with_torch else [])
    found = {}
    for package in packages:
        query = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
        found[package] = query.stdout if query.returncode == 0 else None
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    found["commit"] = commit.stdout.strip() if commit.returncode == 0 else None
    return found


def peer_version(a):
    """PyTorch's version. Says so if it has no fast products: its figures are then not what people know."""
    version, fast = run([a.peer_python, "-c", WHOSE_BLAS]).split()
    if fast != "True":
        note("bench: WARNING: this PyTorch multiplies with the reference BLAS, several times slower than need be "
             "(scripts/bench --setup installs OpenBLAS): the ratios below flatter Lockstep")
    return version


def why_no_peer(python, script, left_out, module, option):
    """Why a peer cannot run, or nothing."""
    if left_out:
        return f"--no-{option} was given"
    if not os.path.isfile(script):
        return f"its script {script} is not there (--{option} FILE names it)"
    if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode != 0:
        return f"{module} is not installed (scripts/bench --setup installs it)"
    return None


def parse_result(a):
    """The parsers' figures, or nothing where there are no rows to parse."""
    why = bench_parse.why_not()
    if why:
        note(f"bench: no parsing: {why}")
        return None
    missing = why_no_peer(PYTHON, a.sklearn, a.no_sklearn, "sklearn", "sklearn")
    if missing:
        note(f"bench: parsing without its peer: {missing}")
    return bench_parse.measure(a.lockstep, a.rounds, PYTHON, None if missing else a.sklearn, run, note)


def summary(turns):
    """Median of each figure over the turns, and how far the samples/s of single turns lie apart."""
    medians = {}
    for key in turns[0]:
        values = [turn[key] for turn in turns if isinstance(turn.get(key), (int, float))]
        if len(values) == len(turns):
            medians[key] = statistics.median(values)
    rates = [turn["samples_per_second"] for turn in turns]
    medians["spread"] = (max(rates) - min(rates)) / statistics.median(rates)
    return medians


def table(result):
    """Markdown: one line a network."""
    lines = ["| network | Lockstep samples/s | PyTorch DDP | ratio | one process | ratio to the better | step ms | primitives ms | "
             "exchange ms | fixed order costs | MB a rank | spread |", "|---|" + "---:|" * 11]
    ms = lambda value: "" if value is None else f"{value * 1e3:.2f}"
    rate = lambda peer: f"{peer['samples_per_second']:.0f}" if peer else ""
    for name, network in result["networks"].items():
        own, ddp, one = network["lockstep"], network.get("torch"), network.get("torch_one_process")
        megabytes = " / ".join(f"{who['peak_rss_bytes'] / 1e6:.0f}" for who in (own, ddp) if who)
        spreads = " / ".join(f"{who['spread']:.0%}" for who in (own, ddp, one) if who)
        lines.append(f"| {name} | {own['samples_per_second']:.0f} | {rate(ddp)} | "
                     f"{format(network['ratio'], '.2f') if ddp else ''} | {rate(one)} | "
                     f"{format(network['ratio_to_better'], '.2f') if ddp else ''} | {ms(own.get('step_seconds'))} | "
                     f"{ms(own.get('primitives_seconds'))} | {ms(own.get('exchange_seconds'))} | "
                     f"{format(network['order_cost'], '.1%') if 'order_cost' in network else ''} | {megabytes} | {spreads} |")
    return "\n".join(lines)


def main():
    p = argparse.ArgumentParser(prog="scripts/bench")
    p.add_argument("names", nargs="*", metavar="NAME")
    p.add_argument("--lockstep", required=True)
    p.add_argument("--torch", required=True)
    p.add_argument("--no-torch", action="store_true")
    p.add_argument("--peer-python", default=PYTHON, help="the Python whose PyTorch is measured; Debian's by default")
    p.add_argument("--sklearn", default="", help="the parsers' peer")
    p.add_argument("--no-sklearn", action="store_true")
    p.add_argument("--order-cost", action="store_true", help="also with plain MPI_Allreduce in place of the fixed tree")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps-factor", type=float, default=1)
    p.add_argument("--ranks", type=int, default=2)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--batch", type=int, default=64, help="rows a rank, of the peer; Lockstep's are in the configs")
    p.add_argument("--output", help="JSON file; build/bench/DATE.json by default")
    a = p.parse_args()
    parses = not a.names or "parse" in a.names
    names = [name for name in a.names or STEPS if name != "parse"]
    for name in names:
        if not os.path.isfile(f"configs/bench/{name}.textproto"):
            p.error(f"there is no configs/bench/{name}.textproto")
    if a.rounds < 1:
        p.error("--rounds must be at least 1")

    missing = why_no_peer(a.peer_python, a.torch, a.no_torch, "torch", "torch")
    if missing and names:
        note(f"bench: Lockstep alone, without its peer: {missing}")
    started = datetime.datetime.now()
    result = {"date": started.isoformat(timespec="seconds"), "machine": machine(), "versions": versions(not missing),
              "torch": None if missing or not names else peer_version(a),
              "ranks": a.ranks, "threads": a.threads, "batch_per_rank": a.batch, "rounds": a.rounds,
              "turns": {name: {"lockstep": [], "plain": [], "torch": [], "torch_one_process": []} for name in names}, "networks": {}}
    for round_number in range(1, a.rounds + 1):
        for name in names:
            turns = result["turns"][name]
            turns["lockstep"].append(lockstep_turn(a, name))
            line = f"lockstep {turns['lockstep'][-1]['samples_per_second']:.0f} samples/s"
            if a.order_cost:
                turns["plain"].append(lockstep_turn(a, name, "plain"))
                line += f" ({turns['plain'][-1]['samples_per_second']:.0f} with plain MPI_Allreduce)"
            if not missing:
                turns["torch"].append(torch_turn(a, name))
                turns["torch_one_process"].append(torch_turn(a, name, one_process=True))
                line += (f", torch {turns['torch'][-1]['samples_per_second']:.0f} samples/s "
                         f"({turns['torch_one_process'][-1]['samples_per_second']:.0f} in one process)")
            note(f"bench: round {round_number}/{a.rounds} {name}: {line}")

    for name, turns in result["turns"].items():
        network = {"lockstep": summary(turns["lockstep"])}
        if turns["plain"]:  # share of a step that the fixed order of the sums costs
            network["plain"] = summary(turns["plain"])
            network["order_cost"] = 1 - network["plain"]["step_seconds"] / network["lockstep"]["step_seconds"]
        if turns["torch"]:
            network["torch"] = summary(turns["torch"])
            network["torch_one_process"] = summary(turns["torch_one_process"])
            own, peers = (network["lockstep"]["samples_per_second"],
                          [network[peer]["samples_per_second"] for peer in ("torch", "torch_one_process")])
            network["ratio"], network["ratio_to_better"] = own / peers[0], own / max(peers)
        result["networks"][name] = network

    parse = parse_result(a) if parses else None
    if parse:
        result["parse"] = parse

    output = pathlib.Path(a.output or f"build/bench/{started:%Y%m%d-%H%M%S}.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_suffix(".tmp")
    temporary.write_text(json.dumps(result, indent=1) + "\n")
    temporary.replace(output)

    m, v = result["machine"], result["versions"]
    print(f"{m['cpu']}, {m['cores']} cores; {a.ranks} ranks x {a.threads} thread(s), batch {a.batch} a rank, f32; "
          f"medians of {a.rounds} turns; oneDNN {v['libdnnl-dev']}"
          + (f", PyTorch {result['torch']}" if result["torch"] else "") + f"; Lockstep {v['commit'] or ''}\n")
    if names:
        print(table(result))
    if parse:
        print(("\n" if names else "") + bench_parse.table(parse))
    note(f"bench: all turns are in {output}")


if __name__ == "__main__":
    main()
