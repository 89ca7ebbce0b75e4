"""Pages of the register: list, card, form; the import."""
