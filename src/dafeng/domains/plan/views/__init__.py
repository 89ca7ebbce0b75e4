"""The pages of the plan, a module a room; each lists its own addresses, `urls.py` joins them."""
