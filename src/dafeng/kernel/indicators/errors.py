"""What can be wrong with an indicator, a run or a figure."""

from __future__ import annotations

from dafeng.kernel.errors import DafengError, Place


class IndicatorError(DafengError):
    """An indicator, a run or a figure is refused. `problems` lists every row that was found at fault."""

    code = "indicator"

    def __init__(
        self,
        what: str,
        *,
        expected: str = "",
        mend: str = "",
        where: Place | None = None,
        problems: tuple[IndicatorError, ...] = (),
    ) -> None:
        super().__init__(what, expected=expected, mend=mend, where=where)
        self.problems = problems or (self,)
