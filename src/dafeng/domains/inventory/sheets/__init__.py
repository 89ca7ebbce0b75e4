"""Excel and CSV in: the template that a clerk fills in, and the readers that name every fault by sheet, row and column.

Words: *template* (one sheet a sector, every item listed), *preview* (rows and problems; nothing is stored), *problem*
(error, warning or notice, in the user's words). Bytes are not trusted: see `files.Limits`.
"""

from dafeng.domains.inventory.sheets.activity import read_activity
from dafeng.domains.inventory.sheets.balance import read_balance, write_balance_template
from dafeng.domains.inventory.sheets.preview import ImportPreview, Problem, Severity
from dafeng.domains.inventory.sheets.problems import write_problems
from dafeng.domains.inventory.sheets.template import template_rows, write_template
from dafeng.domains.inventory.sheets.words import Vocabulary
from dafeng.kernel.sheets.files import Limits, open_upload

__all__ = [
    "ImportPreview",
    "Limits",
    "Problem",
    "Severity",
    "Vocabulary",
    "open_upload",
    "read_activity",
    "read_balance",
    "template_rows",
    "write_balance_template",
    "write_problems",
    "write_template",
]
