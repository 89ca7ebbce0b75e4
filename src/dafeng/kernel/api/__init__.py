"""What every API router is built with: paging, freshness, and the words of the description.

A domain's `api.py` makes a ninja `Router`, guards each operation by `kernel.actions.asks`, answers lists through `paging.page`,
says with `freshness.unchanging` what can never change, and names its parameters and fields with `words.describe`. Who calls, how
often, idempotency and errors are the portal's business: an operation sees a request with a `user` and raises `DafengError`.

An `api.py` has no `from __future__ import annotations`: ninja reads a text annotation in the module of the outermost decorator.
"""
