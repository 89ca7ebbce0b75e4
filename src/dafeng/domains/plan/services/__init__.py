"""The plan's use-cases, a module a room. The only code of this domain that writes; each call is one transaction."""
