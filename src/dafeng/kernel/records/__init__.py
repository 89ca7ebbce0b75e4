"""Records: submissions with evidence, moved through a workflow by named persons, under one tamper-evident chain.

Words: *record* (a JSON payload in a state), *workflow* (states and transitions of one kind of record, as TOML data),
*move* (one step, with person, time and reason), *evidence* (a file named by its SHA-256, also hashed with SM3),
*audit chain* (entries of which each seals the one before; `chain.py` verifies an export without Django).
One idea to know: every write takes the head of the chain first, so writers queue and the chain cannot fork.
Sources: GB/T 32905 (SM3), FIPS 180-4 (SHA-256), JSON Schema 2020-12 (the subset named in `payloads.py`).
The portal tells this floor who has which role (`services.register_roles`); this floor knows no role by name.
Nothing here is updated or deleted behind the chain's back: entries, moves and evidence refuse it.
"""
