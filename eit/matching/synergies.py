"""Who ends up with whose residue: donor-receiver pairs, directly or through hubs.

A hub mixes: what leaves it belongs to the donors in proportion to what it took, and what a
donor brought goes where the hub's product goes. Hubs may feed each other, even in circles, so
that these shares solve two linear systems over the products of hubs in use.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csr_array
from scipy.sparse.linalg import spsolve

from eit.matching.arrays import Bools, Floats, Ints, sum_by
from eit.matching.flows import Flows
from eit.matching.problem import Offer
from eit.results import table


@dataclass(frozen=True, slots=True)
class _Moves:
    """Flows of the year as moves between residues, products of hubs and needs.

    Columns: ``donor product receiver into`` (-1 where not meant; ``into`` is the product that
    the move goes into; a move into a final treatment ends nowhere), ``quantity delivered made
    value km``.
    """

    table: pd.DataFrame
    shape: tuple[int, int, int]  # donors, products, receivers

    def matrix(self, rows: str, columns: str, weight: Floats) -> csr_array:
        """Sum a weight over the moves from one kind of place to another."""
        size = dict(zip(("donor", "product", "receiver"), self.shape, strict=True))
        size["into"] = size["product"]
        here, there = self.table[rows].to_numpy(), self.table[columns].to_numpy()
        both = (here >= 0) & (there >= 0)
        return csr_array(
            (weight[both], (here[both], there[both])), shape=(size[rows], size[columns])
        )

    def column(self, name: str) -> Floats:
        """One column of figures."""
        return self.table[name].to_numpy(dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Shares:
    """How hubs split what they took, as sparse matrices.

    ``onward`` (products, receivers): part of each product that ends at each receiver;
    ``origin`` (donors, products): part of each product that each donor brought;
    ``visits`` (products, products): how much of each product is made of one unit of another.
    """

    onward: csr_array
    origin: csr_array
    visits: csr_array


def list_synergies(offer: Offer, flows: Flows) -> pd.DataFrame:
    """Write one row per donor and receiver, as in synergies.csv; hubs in between in ``via``.

    Quantities leave the donor, in its unit; ``delivered`` reaches the receiver. The values of
    all rows add up to those of all flows that end at a need; what goes to a final treatment is
    no synergy. ``distance_km`` is the mean way of what was sent, blank where a part of it has
    no distance.
    """
    moves = _moves(offer, flows)
    direct = moves.table[(moves.table["donor"] >= 0) & (moves.table["receiver"] >= 0)]
    pairs = direct[["donor", "receiver", "quantity", "delivered", "value", "km"]]
    pairs = pairs.assign(unknown=pairs["km"].isna().astype(float), via="")
    pairs = pairs.assign(km=pairs["km"].fillna(0.0) * pairs["quantity"])
    if (moves.table["into"] >= 0).any():
        pairs = pd.concat([pairs, _through_hubs(offer, moves)], ignore_index=True)
    return _described(offer, _summed(pairs))


def _moves(offer: Offer, flows: Flows) -> _Moves:
    ends = offer.ends
    origin, end = offer.lanes.origin[flows.lane], offer.lanes.end[flows.lane]
    stop = ends.destinations.iloc[end]
    into = stop["product"].to_numpy(dtype=np.int64)
    is_need = end < ends.needs
    table = pd.DataFrame(
        {
            "donor": np.where(origin < ends.residues, origin, -1),
            "product": np.where(origin < ends.residues, -1, origin - ends.residues),
            "receiver": np.where(is_need, end, -1),
            "into": np.where(is_need, -1, into),
            "quantity": flows.quantity,
            "delivered": flows.table["delivered"].to_numpy(),
            "made": flows.quantity * stop["yield"].to_numpy(dtype=float),
            "value": flows.table["value_eur"].to_numpy(),
            "km": flows.table["distance_km"].to_numpy(),
        }
    )
    shape = (ends.residues, len(ends.origins) - ends.residues, ends.needs)
    return _Moves(table, shape)


def _through_hubs(offer: Offer, moves: _Moves) -> pd.DataFrame:
    """Split what hubs took and gave over pairs of donor and receiver."""
    shares = _shares(moves)
    quantity, value = moves.column("quantity"), moves.column("value")
    sent = moves.matrix("donor", "into", quantity) @ shares.onward
    delivered = shares.origin @ moves.matrix("product", "receiver", moves.column("delivered"))
    worth = moves.matrix("donor", "into", value) @ shares.onward
    worth += shares.origin @ moves.matrix("product", "into", value) @ shares.onward
    worth += shares.origin @ moves.matrix("product", "receiver", value)
    km = moves.column("km")
    along = _along(moves, shares, np.nan_to_num(km))
    unknown = _along(moves, shares, np.isnan(km).astype(float))
    figures = {
        "quantity": sent,
        "delivered": delivered,
        "value": worth,
        "km": along,
        "unknown": unknown,
    }
    parts = [_as_rows(matrix, name) for name, matrix in figures.items()]
    pairs = pd.concat(parts).groupby(["donor", "receiver"], as_index=False).sum()
    pairs = pairs[pairs["quantity"] > 0]
    return pairs.merge(_via(offer, moves, shares), on=["donor", "receiver"], how="left")


def _shares(moves: _Moves) -> _Shares:
    """Solve where each product goes and where it comes from."""
    quantity, made = moves.column("quantity"), moves.column("made")
    product, into = moves.table["product"].to_numpy(), moves.table["into"].to_numpy()
    size = moves.shape[1]
    part_out = _part(quantity, sum_by(product, quantity, size), product)
    part_in = _part(made, sum_by(into, made, size), into)
    ahead = moves.matrix("product", "into", part_out)
    direct = moves.matrix("product", "receiver", part_out)
    visits = _inverse(ahead, _reaching(ahead, direct.sum(axis=1) > 0))
    behind = moves.matrix("product", "into", part_in).T.tocsr()
    brought = moves.matrix("donor", "into", part_in)
    mixed = _inverse(behind, _reaching(behind, brought.sum(axis=0) > 0))
    return _Shares(onward=visits @ direct, origin=brought @ mixed.T, visits=visits)


def _part(amount: Floats, total: Floats, of: Ints) -> Floats:
    """Part of each move in the total of its product, 0 for moves of no product."""
    whole = np.append(total, 0.0)[of]
    return np.asarray(np.divide(amount, whole, out=np.zeros_like(amount), where=whole > 0))


def _reaching(step: csr_array, there: Bools) -> Bools:
    """Mark the products from which some step leads to one that is there."""
    reached = np.asarray(there, dtype=bool)
    while True:
        more = reached | (step @ reached.astype(float) > 0)
        if (more == reached).all():
            return reached
        reached = more


def _inverse(step: csr_array, kept: Bools) -> csr_array:
    """Sum of all powers of ``step``, products that lead nowhere left out."""
    size = len(kept)
    if not step.nnz:
        return csr_array(sparse.eye_array(size))
    inside = sparse.diags_array(kept.astype(float)) @ step
    system = sparse.csc_array(sparse.eye_array(size) - inside)
    return csr_array(spsolve(system, sparse.csc_array(sparse.eye_array(size))))


def _along(moves: _Moves, shares: _Shares, per_move: Floats) -> csr_array:
    """Quantity times a figure summed along its way, by donor and receiver."""
    quantity = moves.column("quantity")
    product = moves.table["product"].to_numpy()
    part = _part(quantity, sum_by(product, quantity, moves.shape[1]), product) * per_move
    onward = moves.matrix("product", "into", part) @ shares.onward
    onward = shares.visits @ (onward + moves.matrix("product", "receiver", part))
    first = moves.matrix("donor", "into", quantity * per_move) @ shares.onward
    return csr_array(first + moves.matrix("donor", "into", quantity) @ onward)


def _as_rows(matrix: csr_array, name: str) -> pd.DataFrame:
    cells = matrix.tocoo()
    donor, receiver = cells.coords
    return pd.DataFrame({"donor": donor, "receiver": receiver, name: cells.data})


def _via(offer: Offer, moves: _Moves, shares: _Shares) -> pd.DataFrame:
    """Hubs between each donor and receiver, in order of id, joined by ``|``."""
    entered = moves.matrix("donor", "into", moves.column("quantity")) @ shares.visits
    starts = _as_rows(entered, "brought").rename(columns={"receiver": "product"})
    stops = _as_rows(shares.onward, "goes").rename(columns={"donor": "product"})
    passed = starts[starts["brought"] > 0].merge(stops[stops["goes"] > 0], on="product")
    hub = offer.ends.origins["hub"].to_numpy()[offer.ends.residues :]
    passed = passed.assign(hub=hub[passed["product"]])[["donor", "receiver", "hub"]]
    passed = passed.drop_duplicates().sort_values(["donor", "receiver", "hub"])
    name = offer.ends.hubs["id"].to_numpy()[passed["hub"]]
    return _joined(passed.assign(via=name)[["donor", "receiver", "via"]])


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per donor and receiver, the names of several joined."""
    several = rows.duplicated(["donor", "receiver"], keep=False)
    merged = rows[several].groupby(["donor", "receiver"])["via"].agg("|".join).reset_index()
    return pd.concat([rows[~several], merged], ignore_index=True)


def _summed(pairs: pd.DataFrame) -> pd.DataFrame:
    """One row per pair: what goes directly and what goes through hubs together."""
    keys = ["donor", "receiver"]
    figures = ["quantity", "delivered", "value", "km", "unknown"]
    summed = pairs.groupby(keys, as_index=False)[figures].sum()
    via = pairs.loc[pairs["via"] != "", [*keys, "via"]]
    return summed.merge(via, on=keys, how="left").fillna({"via": ""})


def _described(offer: Offer, pairs: pd.DataFrame) -> pd.DataFrame:
    """Rows with names, in order of donor and receiver."""
    ends = offer.ends
    donor, receiver = pairs["donor"].to_numpy(), pairs["receiver"].to_numpy()
    km = pairs["km"] / pairs["quantity"]
    synergies = table(
        "synergies",
        {
            "donor_id": ends.origins["id"].to_numpy()[donor],
            "receiver_id": ends.destinations["id"].to_numpy()[receiver],
            "via": pairs["via"],
            "quantity": pairs["quantity"],
            "unit": ends.origins["unit"].to_numpy()[donor],
            "delivered": pairs["delivered"],
            "value_eur": pairs["value"],
            "distance_km": km.mask(pairs["unknown"] > 0),
        },
    )
    return synergies.sort_values(["donor_id", "receiver_id"], ignore_index=True)
