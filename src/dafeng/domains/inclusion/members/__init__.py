"""Accounts of persons and firms: consent, identity apart, statement, levels, circles, export and erasure."""
