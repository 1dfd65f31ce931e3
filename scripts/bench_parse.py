"""The comparison of parsers for scripts/bench: Fashion-MNIST as libsvm, CSV, text and JSON, and out of the cache."""
import json
import os
import pathlib
import re
import statistics

SOURCE = "datasets/fashion/train.libsvm"
JSON_ROWS = 10000  # a member a pixel: the whole set would be 500 MB
PEER = "parse libsvm"


def why_not():
    """Why nothing can be parsed, or nothing."""
    return None if os.path.isfile(SOURCE) else f"{SOURCE} is not there (scripts/datasets fashion makes it)"


def make_inputs(folder, lockstep, run):
    """The same rows in each format, by name; made once."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    inputs = {"libsvm": SOURCE, "csv": str(folder / "fashion.csv"), "json": str(folder / "fashion.jsonl"),
              "text": str(folder / "text.textproto")}
    if not os.path.isfile(inputs["csv"]):
        run([lockstep, "data", "convert", SOURCE, "--no-cache", "--output", inputs["csv"]])
    if not os.path.isfile(inputs["json"]):
        temporary = inputs["json"] + ".tmp"
        with open(inputs["csv"], encoding="utf-8") as rows, open(temporary, "w", encoding="utf-8") as out:
            names = [json.dumps(name) for name in next(rows).rstrip("\n").split(",")]
            for _, row in zip(range(JSON_ROWS), rows):
                out.write("{" + ",".join(f"{n}:{v}" for n, v in zip(names, row.rstrip("\n").split(","))) + "}\n")
        os.replace(temporary, inputs["json"])
    pathlib.Path(inputs["text"]).write_text(
        f'name: "text"\ndata {{ train {{ text {{ path: "{os.path.abspath(SOURCE)}" }} }} }}\n')
    return inputs


def load_turn(lockstep, path, ranks, run, options=("--no-cache",)):
    output = run(["scripts/mpirun", "-n", str(ranks), lockstep, "data", "load", path, "--threads", "1", "--json", *options])
    return json.loads(output[output.index("{"):])


def peer_turn(python, script, run):
    output = run([python, script, SOURCE, "--only", "parse"])
    found = re.search(PEER + r".*? ([0-9.]+) s +([0-9.]+) MB/s", output)
    if found is None:
        raise SystemExit(f"bench: {script} printed no rate of {PEER}:\n{output}")
    return {"parse_seconds": float(found[1]), "megabytes_per_second": float(found[2])}


def summary(turns):
    """Medians, and how far the rates of single turns lie apart."""
    rates = [turn["megabytes_per_second"] for turn in turns]
    found = {"megabytes_per_second": statistics.median(rates), "spread": (max(rates) - min(rates)) / statistics.median(rates)}
    for key in ("parse_seconds", "cache_seconds", "source_bytes", "peak_rss_bytes"):
        values = [turn[key] for turn in turns if key in turn]
        if values:
            found[key] = statistics.median(values)
    return found


def measure(lockstep, rounds, python, peer, run, note):
    """Every input on one rank and on two, the cache, and the peer unless `peer` is None: in turns."""
    inputs = make_inputs("build/bench/data", lockstep, run)
    cache = ["--set", f"data.cache.dir='{os.path.abspath('build/bench/cache')}'"]
    run([lockstep, "data", "convert", SOURCE, "--format", "cache", *cache])
    turns = {}
    for number in range(1, rounds + 1):
        for name, path in inputs.items():
            for ranks in (1, 2):
                turns.setdefault(f"{name} {ranks}", []).append(load_turn(lockstep, path, ranks, run))
        turns.setdefault("cache 1", []).append(load_turn(lockstep, SOURCE, 1, run, cache))
        if not turns["cache 1"][-1]["from_cache"]:
            raise SystemExit("bench: the cache was not found again")
        if peer:
            turns.setdefault("peer 1", []).append(peer_turn(python, peer, run))
        rates = ", ".join(f"{key} {values[-1]['megabytes_per_second']:.0f}" for key, values in turns.items())
        note(f"bench: round {number}/{rounds} parse, MB/s: {rates}")
    result = {"turns": turns, "inputs": {key: summary(values) for key, values in turns.items()}}
    found = result["inputs"]
    for name in inputs:
        found[f"{name} 2"]["scaling"] = found[f"{name} 2"]["megabytes_per_second"] / found[f"{name} 1"]["megabytes_per_second"]
    found["cache 1"]["times_parsing"] = found["libsvm 1"]["parse_seconds"] / found["cache 1"]["cache_seconds"]
    if peer:
        for key in ("libsvm 1", "libsvm 2"):
            found[key]["ratio"] = found[key]["megabytes_per_second"] / found["peer 1"]["megabytes_per_second"]
    return result


def table(result):
    """Markdown: one line an input and number of ranks."""
    lines = ["| input | ranks | MB | MB/s | 2 ranks to 1 | ratio to scikit-learn | peak MB a rank | spread |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    titles = {"peer": "libsvm, scikit-learn", "cache": "libsvm out of the cache"}
    for key, row in result["inputs"].items():
        name, ranks = key.rsplit(" ", 1)
        scaling = f"{row['scaling']:.2f}" if "scaling" in row else ""
        if "times_parsing" in row:
            scaling = f"{row['times_parsing']:.0f} times parsing"
        lines.append(f"| {titles.get(name, name)} | {ranks} | {row['source_bytes'] / 1e6:.0f} | " if "source_bytes" in row
                     else f"| {titles.get(name, name)} | {ranks} | | ")
        lines[-1] += (f"{row['megabytes_per_second']:.0f} | {scaling} | {format(row['ratio'], '.1f') if 'ratio' in row else ''} | "
                      f"{format(row['peak_rss_bytes'] / 1e6, '.0f') if 'peak_rss_bytes' in row else ''} | {row['spread']:.0%} |")
    return "\n".join(lines)
