"""The pages of the inventory, a module a room; each lists its own addresses, `urls.py` joins them."""
