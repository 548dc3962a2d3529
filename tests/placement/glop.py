"""Cost of the best point of programs saved by `test_program`, by GLOP: run where ortools is."""

import sys

import numpy as np
from ortools.linear_solver import pywraplp


def best(program) -> float:
    """Solve one program: cost, bounds, matrix by entries and row bounds."""
    solver = pywraplp.Solver.CreateSolver("GLOP")
    infinity = solver.infinity()
    columns = [
        solver.NumVar(float(low), float(min(high, infinity)), "")
        for low, high in zip(program["lower"], program["upper"], strict=True)
    ]
    rows = [
        solver.Constraint(float(low), float(high))
        for low, high in zip(program["least"], program["most"], strict=True)
    ]
    entries = zip(program["row"], program["column"], program["value"], strict=True)
    for row, column, value in entries:
        rows[row].SetCoefficient(columns[column], float(value))
    for column, cost in zip(columns, program["cost"], strict=True):
        solver.Objective().SetCoefficient(column, float(cost))
    solver.Objective().SetMinimization()
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        raise ValueError("GLOP found no best point")
    return float(solver.Objective().Value())


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(best(np.load(path)))
