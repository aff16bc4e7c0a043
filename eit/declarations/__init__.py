"""What firms have and want: many files of declarations, checked together, leave those that hold."""

from eit.declarations.ledger import COLUMNS, Ledger, read_declarations

__all__ = ["COLUMNS", "Ledger", "read_declarations"]
