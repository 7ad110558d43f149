"""Table I's rows, in two variants each, as defaults of a training's fields.

`released` is what the authors' published code does, `paper` the same with every statement of the text put
into effect; where the text is silent, the code's choice stands. The differences, field by field:

| field | rows | paper | released |
| --- | --- | --- | --- |
| keys | 2 to 5 | bipolar in learning (line 6, Table I) | real: a switch compares a text with 1 |
| sharpening | 3, 5 | abs (line 8) | none: no absolute value is ever taken |
| test_sharpening | all | abs (Table I) | none |
| sharpening | 1, 2, 4 | softabs as defined | cosh: its "1 +" is lost |
| validation | all | characters not trained on (line 12) | the last episode's characters |
| activations | 4, 5 | binary ("binarized") | real: the flag a32 |
| last_layer | 4 | 8 bit (caption of Table I) | real |
| rotate_every | 4, 5 | 10: 1,000 updates in all, as in RBNN | 0: never, an attribute is misnamed |
| beta | 4, 5 | uniform, as in RBNN | right: no gradient reaches the binary weights |
| bias | 2, 4 | 0: from 1 all keys start equal, and their z-score is 0/0 | 1 |
"""

from collections.abc import Mapping
from typing import Any

ROWS = {
    "fp32": "1 FP32",
    "xnor": "2 XNOR",
    "batmann_x": "3 BATMANN<sub>X</sub>",
    "rbnn": "4 RBNN",
    "batmann_r": "5 BATMANN<sub>R</sub>",
}
"""Titles of the rows in tables."""
PLAIN = {row: title.replace("<sub>", "_").replace("</sub>", "") for row, title in ROWS.items()}
"""And in figures."""
VARIANTS = {"released": "the released code", "paper": "the text"}

_REAL = {"first_layer": "real", "activations": "real"}
_ADAM = {"optimizer": "adam", "learning_rate": 1e-4}
_SGD = {"optimizer": "sgd", "learning_rate": 0.1}
_FP32 = {"controller": "fp32", **_REAL, "last_layer": "real", "keys": "real", **_ADAM}
_XNOR = {"controller": "xnor", "first_layer": "8bit", "activations": "binary", **_ADAM}
_RBNN = {"controller": "rbnn", "first_layer": "real", **_SGD}

_PAPER = {"keys": "bipolar", "test_sharpening": "abs", "validation": "held-out"}
_PAPER_RBNN = {**_PAPER, "activations": "binary", "rotate_every": 10, "beta": "uniform"}
_SOFTABS = {"similarity": "cosine", "sharpening": "softabs", "normalization": "z-score"}
_ABS = {"similarity": "dot", "sharpening": "abs", "normalization": "none"}

_RELEASED = {"keys": "real", "test_sharpening": "identity", "validation": "episode"}
_RELEASED_RBNN = {**_RELEASED, "activations": "real", "rotate_every": 0, "beta": "right"}
_COSH = {**_SOFTABS, "sharpening": "cosh"}
_DOT = {**_ABS, "sharpening": "identity"}

PRESETS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("fp32", "paper"): {**_PAPER, **_FP32, **_SOFTABS},
    ("xnor", "paper"): {**_XNOR, "last_layer": "8bit", **_PAPER, **_SOFTABS, "bias": 0.0},
    ("batmann_x", "paper"): {**_XNOR, "last_layer": "binary", **_PAPER, **_ABS},
    ("rbnn", "paper"): {**_RBNN, "last_layer": "8bit", **_PAPER_RBNN, **_SOFTABS, "bias": 0.0},
    ("batmann_r", "paper"): {**_RBNN, "last_layer": "binary", **_PAPER_RBNN, **_ABS},
    ("fp32", "released"): {**_FP32, **_RELEASED, **_COSH},
    ("xnor", "released"): {**_XNOR, "last_layer": "8bit", **_RELEASED, **_COSH},
    ("batmann_x", "released"): {**_XNOR, "last_layer": "binary", **_RELEASED, **_DOT},
    ("rbnn", "released"): {**_RBNN, "last_layer": "real", **_RELEASED_RBNN, **_COSH},
    ("batmann_r", "released"): {**_RBNN, "last_layer": "binary", **_RELEASED_RBNN, **_DOT},
}
"""Fields by (row, variant)."""


def preset(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields that the row and variant among `values` choose; none for a row that does not exist."""
    return PRESETS.get((values.get("row", "batmann_x"), values.get("variant", "paper")), {})
