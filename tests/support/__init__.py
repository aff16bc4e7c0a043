"""What tests share; a test file holds tests, and what several of them need is here.

Territories
    ``territories`` (spelled out by a test), ``random_territories`` (drawn from a seed),
    ``published_folders``, ``roads``, ``tables``, ``hostile_tables``.
Problems for the solvers
    ``exchange_by_hand``, ``exchange_cases``, ``pooling_cases``, ``hub_quality_cases``;
    ``exchange_oracle`` answers them by other means.
Maps
    ``sheets`` and ``atlas`` (made up, small enough to count), ``public_attack`` (what public
    pages give away), ``browser`` (opens a page without a network).
The portal
    ``portal``: from an empty one to a town with everything in it; ``postgres``.
The project itself
    ``modules``, ``archives``.
"""
