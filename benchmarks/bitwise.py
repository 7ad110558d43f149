"""Measure the packed bit-wise convolution against int8 and float32, layer by layer, and print the ratios.

    python benchmarks/bitwise.py              # about half a minute, one core
    python benchmarks/bitwise.py smoke        # every step once

The record lands where other runs land: `results/`. Times are processor time of one thread.
"""

from imc import runs
from imc.runs import commands, experiments


def main() -> None:
    parser = commands.Parser(description=__doc__)
    parser.add_argument("effort", nargs="?", choices=("full", "smoke"), default="full")
    effort = parser.parse_args().effort
    experiment = experiments.find("imce/bitwise-speed")
    record = runs.compute(experiment, experiment.config.build(effort=effort))
    names = [*record.config["layers"], "total"]
    widths = list(record.metric("total.packed"))
    print(
        f"{'':8}{'million MAC':>12}{'float32':>10}{'int8':>8}" + "".join(f"{w:>8}" for w in widths) + "  (ms)"
    )
    for name in names:
        found = record.metric(name)
        packed = "".join(f"{found['packed'][w]['ms']:8.2f}" for w in widths)
        numbers = f"{found['macs'] / 1e6:12.1f}{found['float32_ms']:10.2f}{found['int8_ms']:8.2f}"
        print(f"{name:8}{numbers}{packed}")
    for w, found in record.metric("total.packed").items():
        print(
            f"{w}: {found['of_float32']:.2f} x the speed of float32, {found['of_int8']:.2f} x that of int8, "
            f"{found['packing_ms'] / found['ms']:.0%} of it packing, {found['wrong']} wrong"
        )
    print(f"\nrecord: {record.path}")


if __name__ == "__main__":
    commands.end(main)
