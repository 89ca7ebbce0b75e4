"""Readings of meters: points, doors through which readings come in, files that keep them, questions that domains ask.

Words: a *point* is a meter or sensor of a subject; a *reading* is what it told of a moment, known since it arrived; a *revision*
is another value for the same moment; a *fact* of a point is dated (unit, multiplier, formula); *steps* are the roll-ups of 15
minutes, an hour, a day and a month; *quarantine* is where readings wait that could not be taken. docs/dev/series.md has the rest.

`receive` (ingest) is the only way in, `queries` the only way out. Readings are columns all the way and never rows of SQL.
"""
