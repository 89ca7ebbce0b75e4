"""E3: the register of buildings, their intensity and quotas, retrofits counted once, public institutions' carbon audit."""
