"""能源: what key users, buildings, parks, counties and stations consume and make, against what they may.

Rooms: `monitoring` (E1: a firm's energy flows, baselines, forecasts, anomalies, advice), `parks` (E9: a park's firms on one
board), `control` (E2: quotas, budgets, coal, warnings), `buildings` (E3: register, intensity, quotas, retrofits), `hydro` (E7:
small hydro and its rivers), `plants` (N5: register of renewables and storage).
One idea to know: readings stay in `kernel.series`; what is computed from them says which points and which rule it used, and
is published as an indicator where others need it. `docs/dev/energy.md` tells how the rooms speak to each other.
"""
