"""Tables that people upload (.xlsx, .csv), opened without trusting them; what the cells mean is each domain's own matter."""

from dafeng.kernel.sheets.cells import narrow, number_of
from dafeng.kernel.sheets.files import Limits, Upload, open_upload
from dafeng.kernel.sheets.xlsx import Cell, Sheet, reference

__all__ = ["Cell", "Limits", "Sheet", "Upload", "narrow", "number_of", "open_upload", "reference"]
