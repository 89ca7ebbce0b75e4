"""Pages: the public site and its data, the register, the voices, the cases."""
