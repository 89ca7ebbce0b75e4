"""E7: small hydro on its rivers: ecological flow against dated decisions, generation and its forecast, the board that owners share."""
