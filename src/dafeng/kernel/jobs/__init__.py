"""Jobs: long work that a person starts and then watches, stops, repeats, and whose result they fetch.

A domain declares a kind of job in its `jobs.py` (`@job(...)`); a view calls `services.start`. The queue and the worker are
django-tasks' (with its database backend); this room keeps what a person sees: progress, log, result, error, who and when.
`schedules` starts kinds by the clock, once per due time however many schedulers run.
"""
