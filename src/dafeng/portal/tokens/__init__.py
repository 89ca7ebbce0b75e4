"""Tokens: keys by which a program acts for a person at the API.

Words: *token* (`dft_…`, shown once, stored as SHA-256), *scope* (`inventory:read`: a group of actions, see
`kernel.actions.Action.scope`), *kept answer* (what a write with an Idempotency-Key was answered, kept for a day).
The one idea: a token can never do more than its person may do at that moment; its scopes only take away.
"""
