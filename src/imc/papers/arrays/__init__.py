"""The crossbar's own pages: Kirchhoff's law, models of variation, wires, speed."""
