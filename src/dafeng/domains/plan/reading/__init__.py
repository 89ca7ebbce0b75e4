"""Read a plan document into sections, tasks with owners, targets, named projects and questions to the owners.

    reading = read_plan(Path("方案.docx"))      # any of txt, docx, pdf, html
    reading = parse_text("一、总体要求……")
    reading.as_dict()                            # the JSON that the portal and the API use

Pure: no Django, no clock, no network. Each step is a module: intake → normal → outline → owners → times and quantities
→ roles → targets → words → entities → defects. Vocabulary and clause patterns are data beside the code.
"""

from __future__ import annotations

from dafeng.domains.plan.reading.comparison import Difference, compare
from dafeng.domains.plan.reading.intake import Printed, read_document
from dafeng.domains.plan.reading.model import Defect, Entity, Owner, Reading, Section, Target, Task
from dafeng.domains.plan.reading.parse import parse_text, read_plan
from dafeng.domains.plan.reading.scorer import Score, score

__all__ = [
    "Defect", "Difference", "Entity", "Owner", "Printed", "Reading", "Score", "Section", "Target", "Task",
    "compare", "parse_text", "read_document", "read_plan", "score",
]  # fmt: skip
