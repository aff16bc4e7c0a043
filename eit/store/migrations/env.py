"""What Alembic runs around the steps: they use the connection that `upgrade` opened."""

from alembic import context

from eit.store.models import Base


def run() -> None:
    """Run the steps that are missing, inside the transaction that is already open."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        compare_type=True,
        user_module_prefix="",
        transaction_per_migration=False,
    )
    context.run_migrations()


if __name__ == "env_py":  # as Alembic names it
    run()
