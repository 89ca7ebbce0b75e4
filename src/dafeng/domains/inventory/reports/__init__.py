"""What leaves the house: workbook with visible formulas, report in Word and PDF, open data in three formats.

Words: *material* (a compiled inventory with its analyses, for one place and year), *block* (a piece of the report, set by
Word and by Typst alike), *stop notice* (不得发布: shown wherever the status is not OK). The same material gives the same bytes.
"""

from dafeng.domains.inventory.reports.exchange import primap2_files, write_csv, write_iamc, write_primap2
from dafeng.domains.inventory.reports.labels import ReportError
from dafeng.domains.inventory.reports.material import Material
from dafeng.domains.inventory.reports.pdf import write_pdf
from dafeng.domains.inventory.reports.word import write_word
from dafeng.domains.inventory.reports.workbook import write_workbook

__all__ = [
    "Material",
    "ReportError",
    "primap2_files",
    "write_csv",
    "write_iamc",
    "write_pdf",
    "write_primap2",
    "write_word",
    "write_workbook",
]
