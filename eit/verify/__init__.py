"""The independent recheck of a run, and the independent model that it solves again.

Nothing in this room is shared with the code that makes plans: both are written from the
contract alone, so that a misreading on one side shows as a difference.
"""

from eit.verify.bound import Work
from eit.verify.oracle import Ending, Optimum, optimum
from eit.verify.recheck import verify_run
from eit.verify.verdict import TOLERANCE, Proof, Verdict, Violation

__all__ = [
    "TOLERANCE",
    "Ending",
    "Optimum",
    "Proof",
    "Verdict",
    "Violation",
    "Work",
    "optimum",
    "verify_run",
]
