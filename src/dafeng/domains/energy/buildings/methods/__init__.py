"""Pure calculation on buildings: intensity by end use, standing among peers, retrofitted area counted once."""
