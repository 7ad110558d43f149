"""Tables 1 to 6 by themselves: network sizes by formula, printed numbers held against each other."""

from imc.claims import reference
from imc.papers.reram import size
from imc.papers.reram.experiments import WIDTHS, ArithmeticConfig
from imc.runs.experiments import Outcome, Progress

CROPS = (28, 24, 20, 16, 12)
WEIGHT_BITS = (1, 2, 3, 4, 6, 8)


def compute(config: ArithmeticConfig, progress: Progress) -> Outcome:
    """Metrics: size.* (bits), inputs, size_reduction (percent), middle_growth; printed.* (%p)."""

    def printed(key: str) -> float:
        return reference.value(f"reram.{key}").value

    table5 = {b: {c: printed(f"table5.weight{b}.{c}") for c in _POLICIES} for b in WEIGHT_BITS}
    middle = [size.layer_shapes(20, width)[1] for width in (128, 256)]
    metrics = {
        "size": {f"crop{side}": size.bits(side, 128) for side in CROPS}
        | {f"hidden{width}": size.bits(20, width) for width in WIDTHS},
        "hidden_at_constant_bits": {
            f"weight{b}": size.hidden_for_bits(size.bits(20, 128), 20, b) for b in WEIGHT_BITS
        },
        "inputs": size.layer_shapes(20, 128)[0][0],
        "size_reduction": 100 * (1 - size.bits(20, 128) / size.bits(28, 128)),
        "middle_growth": (middle[1][0] * middle[1][1]) / (middle[0][0] * middle[0][1]),
        "printed": {
            "binary_loss": printed("table4.act8.baseline") - printed("table4.act1.baseline"),
            "signed_merge_change": printed("table4.act1.signed_merge") - printed("table4.act1.baseline"),
            "table5_from_table3": max(
                abs(table5[b]["baseline"] - printed(f"table3.weight{b}.accuracy")) for b in WEIGHT_BITS
            ),
            "signed_over_arithmetic": min(
                table5[b]["signed_merge"] - table5[b]["arithmetic_merge"] for b in WEIGHT_BITS
            ),
        },
    }
    progress(1.0)
    return Outcome(metrics)


_POLICIES = ("baseline", "arithmetic_merge", "signed_merge")
