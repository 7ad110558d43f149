"""What the paper's own numbers say: arithmetic on Table I as printed, and counts of the data set."""

from imc.claims import reference
from imc.papers.batmann import pictures
from imc.papers.batmann.experiments import PrintedConfig
from imc.runs.experiments import Outcome, Progress


def check(config: PrintedConfig, progress: Progress) -> Outcome:
    """Metrics: row.ROW, percent, as printed; minus_fp32.ROW, %p, what is printed above the first row;
    constant_answer, percent right if every query is given the same one of `ways` balanced classes;
    characters and drawings of each, counted in `data`.
    """
    rows = {name: row["accuracy"] for name, row in reference.table("batmann.table1").items()}
    known, _ = pictures.grey(config.data)
    return Outcome(
        {
            "row": rows,
            "minus_fp32": {name: round(value - rows["fp32"], 4) for name, value in rows.items()},
            "constant_answer": 100 / reference.value("batmann.task.ways").value,
            "characters": known.shape[0],
            "drawings": known.shape[1],
        }
    )
