"""C2: installations, control plans, monthly data with evidence, automatic checks, the annual report."""
