"""Coverage of targets by claims, through time: the one engine behind every question of who looks after what.

Cover is kept as whole-millimetre intervals along targets; questions are interval arithmetic on them and on the
kept answers (``state``, ``vacancy``, ``ledger``), never an overlay of geometry.
"""
