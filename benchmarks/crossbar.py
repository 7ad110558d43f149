"""Measure the crossbar engine against this machine's limits and against other ways, and print the ratios.

    python benchmarks/crossbar.py              # all of it, a few minutes
    python benchmarks/crossbar.py smoke        # every step once, on the small network

The record lands where other runs land: `results/`. AIHWKit is timed if it can be imported.
"""

from imc import runs
from imc.runs import commands, experiments


def main() -> None:
    parser = commands.Parser(description=__doc__)
    parser.add_argument("effort", nargs="?", choices=("full", "smoke"), default="full")
    effort = parser.parse_args().effort
    experiment = experiments.find("crossbar/benchmark")
    config = experiment.config.build(effort=effort)
    record = runs.compute(experiment, config)
    limits = record.metric("limits")
    for precision in ("float32", "bfloat16"):
        print(f"products, {precision:9s} {limits[precision] / 1e9:8.0f} Gflop/s")
    print(f"normal draws        {limits['draws'] / 1e6:8.0f} million/s")
    for network in record.config["networks"]:
        found = record.metric(network)
        print(f"\n{network.upper()}: {found['cells']:,} cells, {found['operations'] / 1e9:.2f} Gflop a batch")
        for name, times in found["contenders"].items():
            parts = f"{times['program_ms']:9.2f} + {times['infer_ms']:9.2f} ms"
            print(f"  {name:16s} {parts}  {times['mib']:6.0f} MiB")
        best = found["best_precision"]
        whole, infer, program = (
            found[key][f"ours_{best}"] for key in ("to_kernels", "infer_to_kernels", "program_to_draws")
        )
        print(f"  best precision {best}: {whole:.2f} x the fastest kernels and draws")
        print(f"  inference {infer:.2f} x its kernels, programming {program:.2f} x its draws")
        print(f"  {found['to_limit'][best]:.2f} x products at this machine's peak")
        for name, ratio in found["ahead_of"].items():
            print(f"  {ratio:7.1f} x faster than {name}")
    print(f"\nrecord: {record.path}")


if __name__ == "__main__":
    commands.end(main)
