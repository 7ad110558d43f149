"""``python -m imc``."""

from imc.runs.cli import main

main()
