"""Tables that people upload (.xlsx, .csv), opened without trusting them; what the cells mean is each domain's own matter."""

from dafeng.kernel.sheets.files import Limits, Upload, open_upload
from dafeng.kernel.sheets.xlsx import Cell, Sheet, reference

__all__ = ["Cell", "Limits", "Sheet", "Upload", "open_upload", "reference"]
