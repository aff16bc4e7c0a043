"""One call of a solver on a model in sparse arrays, through MathOpt, with every status checked."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import ortools.math_opt.core.python.solver as math_opt  # type: ignore[import-untyped]
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
    solution_pb2,
)
from pybind11_abseil.status import StatusNotOk  # type: ignore[import-untyped]

from solvers.exchange.arrays import Flags, Floats, Ints


class Engine(StrEnum):
    """Solvers in use; none other of the wheel is trusted here (see docs/solver.md)."""

    GLOP = "GLOP"
    HIGHS = "HIGHS"
    GSCIP = "GSCIP"


class Ending(StrEnum):
    """How a solver says it ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NOTHING = "nothing"  # a limit, or trouble: no plan


@dataclass(frozen=True, slots=True)
class Program:
    """Maximise ``gain @ v`` within rows and bounds; `whole` are whole numbers."""

    gain: Floats  # (N,)
    matrix: Any  # scipy CSR array, (R, N)
    row_low: Floats
    row_high: Floats
    low: Floats
    high: Floats
    whole: Flags


@dataclass(frozen=True, slots=True)
class Products:
    """Variables that are products of two others: ``v[result] = v[left] * v[right]``."""

    result: Ints
    left: Ints
    right: Ints


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how closely to solve."""

    gap: float
    seconds: float
    seed: int
    nodes: int | None = None  # of the search tree: a limit that does not depend on the clock


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver answered: values, its bound and, of a linear program, row prices."""

    ending: Ending
    values: Floats | None
    bound: float
    prices: Floats | None
    message: str


LEAST_SECONDS: Final = 0.01
CLOSE: Final = 1e-9  # a gap below this asks for tolerances as close
LEAST_GAP: Final = 1e-10  # floats hold no closer


def run(
    program: Program, engine: Engine, effort: Effort, products: Products | None = None
) -> Answer:
    """Solve a program; a solver's trouble becomes `Ending.NOTHING` with its message.

    With `products` it is no longer linear, nor convex: GSCIP alone solves it, globally.
    """
    parameters = _parameters(engine, effort)
    if products is not None:
        parameters.gscip.real_params["numerics/feastol"] = CLOSE
    try:
        solver = math_opt.new(
            parameters_pb2.SolverTypeProto.Value(f"SOLVER_TYPE_{engine}"),
            _model(program),
            parameters_pb2.SolverInitializerProto(),
        )
        for update in _product_rows(products):
            solver.update(update)
        result = solver.solve(
            parameters,
            model_parameters_pb2.ModelSolveParametersProto(),
            None,
            callback_pb2.CallbackRegistrationProto(),
            None,
            None,
        )
    except StatusNotOk as error:
        return Answer(Ending.NOTHING, None, np.inf, None, f"{engine}: {error}")
    return _answer(program, engine, result)


def _model(program: Program) -> model_pb2.ModelProto:
    model = model_pb2.ModelProto()
    columns = np.arange(program.matrix.shape[1])
    rows = np.arange(program.matrix.shape[0])
    model.variables.ids.extend(columns)
    model.variables.lower_bounds.extend(program.low)
    model.variables.upper_bounds.extend(program.high)
    model.variables.integers.extend(program.whole)
    model.linear_constraints.ids.extend(rows)
    model.linear_constraints.lower_bounds.extend(program.row_low)
    model.linear_constraints.upper_bounds.extend(program.row_high)
    matrix = program.matrix
    model.linear_constraint_matrix.row_ids.extend(np.repeat(rows, np.diff(matrix.indptr)))
    model.linear_constraint_matrix.column_ids.extend(matrix.indices)
    model.linear_constraint_matrix.coefficients.extend(matrix.data)
    model.objective.maximize = True
    paid = np.flatnonzero(program.gain)
    model.objective.linear_coefficients.ids.extend(paid)
    model.objective.linear_coefficients.values.extend(program.gain[paid])
    return model


def _product_rows(products: Products | None) -> Iterator[model_update_pb2.ModelUpdateProto]:
    """One quadratic row for each product: ``v[left] * v[right] - v[result] = 0``.

    One by one, since a message that holds several tells them in no order, and solvers that read
    rows in another order go another way.
    """
    if products is None:
        return
    triplets = (products.result.tolist(), products.left.tolist(), products.right.tolist())
    for number, (result, left, right) in enumerate(zip(*triplets, strict=True)):
        update = model_update_pb2.ModelUpdateProto()
        row = update.quadratic_constraint_updates.new_constraints[number]
        row.lower_bound = row.upper_bound = 0.0
        row.linear_terms.ids.append(result)
        row.linear_terms.values.append(-1.0)
        row.quadratic_terms.row_ids.append(min(left, right))
        row.quadratic_terms.column_ids.append(max(left, right))
        row.quadratic_terms.coefficients.append(1.0)
        yield update


def _parameters(engine: Engine, effort: Effort) -> parameters_pb2.SolveParametersProto:
    parameters = parameters_pb2.SolveParametersProto(random_seed=effort.seed)
    if np.isfinite(effort.seconds):
        seconds = max(effort.seconds, LEAST_SECONDS)
        parameters.time_limit.FromTimedelta(datetime.timedelta(seconds=seconds))
    if engine is Engine.GLOP:
        return parameters
    if effort.nodes is not None:
        parameters.node_limit = effort.nodes
        if engine is Engine.HIGHS:  # searches within the search take longer than they bring
            for name in ("mip_heuristic_run_rens", "mip_heuristic_run_rins"):
                parameters.highs.bool_options[name] = False
    parameters.relative_gap_tolerance = max(effort.gap, LEAST_GAP)
    parameters.absolute_gap_tolerance = 0.0
    if engine is Engine.GSCIP:
        parameters.threads = 1
    elif effort.gap <= CLOSE:  # HiGHS refuses `threads`, and takes one by itself
        for name in ("mip_feasibility_tolerance", "primal_feasibility_tolerance"):
            parameters.highs.double_options[name] = CLOSE
    return parameters


def _answer(program: Program, engine: Engine, result: result_pb2.SolveResultProto) -> Answer:
    reason = result.termination.reason
    values = _values(result, len(program.low))
    endings = {
        result_pb2.TERMINATION_REASON_OPTIMAL: Ending.OPTIMAL,
        result_pb2.TERMINATION_REASON_FEASIBLE: Ending.FEASIBLE,
        result_pb2.TERMINATION_REASON_IMPRECISE: Ending.FEASIBLE,
        result_pb2.TERMINATION_REASON_INFEASIBLE: Ending.INFEASIBLE,
        # Every variable is bounded, so that it cannot be unbounded.
        result_pb2.TERMINATION_REASON_INFEASIBLE_OR_UNBOUNDED: Ending.INFEASIBLE,
    }
    ending = endings.get(reason, Ending.NOTHING)
    if ending is not Ending.INFEASIBLE and values is None:
        ending = Ending.NOTHING
    name = result_pb2.TerminationReasonProto.Name(reason)
    return Answer(
        ending=ending,
        values=values,
        bound=float(result.termination.objective_bounds.dual_bound),
        prices=_prices(result, len(program.row_low)),
        message=f"{engine}: {name} {result.termination.detail}".strip(),
    )


def _values(result: result_pb2.SolveResultProto, size: int) -> Floats | None:
    """Values of the first plan, if the solver itself calls it feasible."""
    if not result.solutions or not result.solutions[0].HasField("primal_solution"):
        return None
    plan = result.solutions[0].primal_solution
    if plan.feasibility_status != solution_pb2.SOLUTION_STATUS_FEASIBLE:
        return None
    values = np.zeros(size)
    values[np.array(plan.variable_values.ids, dtype=np.int64)] = plan.variable_values.values
    return values


def _prices(result: result_pb2.SolveResultProto, size: int) -> Floats | None:
    """Row prices of the first plan; a price is what one unit more of the row's range brings."""
    if not result.solutions or not result.solutions[0].HasField("dual_solution"):
        return None
    duals = result.solutions[0].dual_solution.dual_values
    prices = np.zeros(size)
    prices[np.array(duals.ids, dtype=np.int64)] = duals.values
    return prices
