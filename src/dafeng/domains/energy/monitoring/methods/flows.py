"""Where a firm's energy goes: purchase → conversion → distribution → process → product, with the closure of every node.

A node is a place of the firm (a meter board, a boiler, a hall); a link carries an item from one to the next, in tce of equivalent
value, so that flows of several items can be added. What enters a distribution node must leave it again within the uncertainty of
its meters; a conversion node may lose, never gain; a process ends the flow, but for what is recovered from it (waste heat), which may
run back. `faults` says what is wrong with a model, or still missing, before a single reading has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

PURCHASE, CONVERSION, DISTRIBUTION, PROCESS, PRODUCT = "purchase", "conversion", "distribution", "process", "product"
STAGES = (PURCHASE, CONVERSION, DISTRIBUTION, PROCESS, PRODUCT)
TOLERANCE = 0.05
"""Part of the inflow that may be missing at a distribution node: twice a 2.5 % uncertainty of the meters on either side."""


@dataclass(frozen=True)
class Node:
    code: str
    name: str
    stage: str
    tolerance: float = TOLERANCE


@dataclass(frozen=True)
class Link:
    """`amount` in tce; None where nothing was measured. `measured`: by a meter, else by difference or share.

    `recovered`: waste energy won back, which alone may run against the order of the stages.
    """

    source: str
    target: str
    item: str
    amount: float | None
    measured: bool = True
    recovered: bool = False


@dataclass(frozen=True)
class Closure:
    """`gap` = in − out (tce); `share` of the inflow.

    `state`: closed, loss (of a conversion), used (what a process keeps), open (too much missing), gain (more out than in), unknown.
    """

    node: Node
    inflow: float | None
    outflow: float | None
    gap: float | None
    share: float | None
    state: str


def closures(nodes: Sequence[Node], links: Sequence[Link]) -> list[Closure]:
    """The balance of each node that has both sides, in the order of stages."""
    found = []
    for node in sorted(nodes, key=lambda each: STAGES.index(each.stage)):
        into = [link for link in links if link.target == node.code]
        out = [link for link in links if link.source == node.code]
        if not into or not out:
            continue
        inflow, outflow = _sum(into), _sum(out)
        if inflow is None or outflow is None or inflow == 0:
            found.append(Closure(node, inflow, outflow, None, None, "unknown"))
            continue
        gap = inflow - outflow
        share = gap / inflow
        if share < -node.tolerance:
            state = "gain"
        elif node.stage in (CONVERSION, PROCESS):
            state = "loss" if node.stage == CONVERSION else "used"
        else:
            state = "closed" if share <= node.tolerance else "open"
        found.append(Closure(node, inflow, outflow, gap, share, state))
    return found


def _sum(links: Sequence[Link]) -> float | None:
    """What all links carry together; None when one of them is not known: a part is no sum."""
    amounts = [link.amount for link in links]
    return (
        None
        if any(amount is None for amount in amounts)
        else float(sum(amount for amount in amounts if amount is not None))
    )


@dataclass(frozen=True)
class Fault:
    """What is wrong with a model. `kind` as below; `node` the code of the node concerned (of a link: its source), `link` what runs.

    Refused at once (`wrong`): `itself backwards cycle into_purchase from_product`. To be completed (else): `carrier` (an energy leaves a
    distribution node that never came in), `no_inflow`, `no_outflow`, `unmetered` (a purchase without a meter), `two_rests` (two outflows
    without a meter: no difference tells them apart), `unmetered_recovery`.
    """

    kind: str
    node: str
    link: Link | None = None

    @property
    def wrong(self) -> bool:
        return self.kind in ("itself", "backwards", "cycle", "into_purchase", "from_product")


def faults(nodes: Sequence[Node], links: Sequence[Link], metered: Collection[str] = ()) -> list[Fault]:
    """Everything that keeps a model from being drawn and balanced. `metered`: codes of purchase nodes with a meter of their own."""
    by_code = {node.code: node for node in nodes}
    return [*_running(by_code, links), *_cycles(links), *_lacking(nodes, links, metered)]


def _running(nodes: Mapping[str, Node], links: Sequence[Link]) -> Iterator[Fault]:
    """Links that run where no energy can."""
    for link in links:
        source, target = nodes[link.source], nodes[link.target]
        if link.source == link.target:
            yield Fault("itself", link.source, link)
        elif target.stage == PURCHASE:
            yield Fault("into_purchase", link.source, link)
        elif source.stage == PRODUCT:
            yield Fault("from_product", link.source, link)
        elif not link.recovered and STAGES.index(source.stage) > STAGES.index(target.stage):
            yield Fault("backwards", link.source, link)


def _cycles(links: Sequence[Link]) -> list[Fault]:
    """A link of each circle that is left when recovered energy is taken out (Kahn: what cannot be put in order runs in a circle)."""
    left = [link for link in links if not link.recovered and link.source != link.target]
    while True:
        targets, sources = {link.target for link in left}, {link.source for link in left}
        kept = [link for link in left if link.source in targets and link.target in sources]
        if len(kept) == len(left):
            return [Fault("cycle", left[0].source, left[0])] if left else []
        left = kept


def _lacking(nodes: Sequence[Node], links: Sequence[Link], metered: Collection[str]) -> Iterator[Fault]:
    """What is still to be told before every node can be balanced."""
    for node in nodes:
        into = [link for link in links if link.target == node.code]
        out = [link for link in links if link.source == node.code]
        if node.stage == PURCHASE and node.code not in metered:
            yield Fault("unmetered", node.code)
        if node.stage != PURCHASE and not into:
            yield Fault("no_inflow", node.code)
        if node.stage in (PURCHASE, CONVERSION, DISTRIBUTION) and not out:
            yield Fault("no_outflow", node.code)
        if sum(not link.measured and not link.recovered for link in out) > 1:
            yield Fault("two_rests", node.code)
        for link in out:
            if node.stage == DISTRIBUTION and into and link.item not in {each.item for each in into}:
                yield Fault("carrier", node.code, link)
            if link.recovered and not link.measured:
                yield Fault("unmetered_recovery", node.code, link)


def unit_consumption(total: float | None, output: float | None) -> float | None:
    """tce for a unit of product; None without either, or when nothing was made."""
    return None if total is None or not output else total / output


# The drawing: a fixed box, as in `kernel.pages.charts`.
WIDTH, HEIGHT, MARGIN, BAR, GAP = 720.0, 360.0, 24.0, 12.0, 10.0


@dataclass
class Box:
    """A node as it is drawn."""

    node: Node
    amount: float
    x: float
    y: float = 0.0
    height: float = 0.0
    tone: int = 1
    anchor: str = "start"
    text_x: float = 0.0
    used_in: float = field(default=0.0, repr=False)
    used_out: float = field(default=0.0, repr=False)


@dataclass(frozen=True)
class Ribbon:
    """A link as it is drawn: a filled path."""

    link: Link
    path: str
    tone: int


@dataclass(frozen=True)
class Sankey:
    boxes: list[Box]
    ribbons: list[Ribbon]
    height: float


def sankey(nodes: Sequence[Node], links: Sequence[Link]) -> Sankey | None:
    """Geometry of the flows that are known; None when none is. Stages are columns; a node is as high as what passes through it."""
    drawn = [link for link in links if link.amount is not None and link.amount > 0]
    if not drawn:
        return None
    touched = {link.source for link in drawn} | {link.target for link in drawn}
    stages = [stage for stage in STAGES if any(node.stage == stage and node.code in touched for node in nodes)]
    items = sorted({link.item for link in drawn})
    boxes: dict[str, Box] = {}
    step = (WIDTH - 2 * MARGIN - BAR) / max(len(stages) - 1, 1)
    for node in nodes:
        if node.code not in touched:
            continue
        amount = max(_drawn(drawn, "target", node.code), _drawn(drawn, "source", node.code))
        column = stages.index(node.stage)
        box = Box(node, amount, round(MARGIN + column * step, 1), tone=column % 8 + 1)
        last = column == len(stages) - 1 and column > 0
        box.anchor, box.text_x = ("end", box.x - 4) if last else ("start", box.x + BAR + 4)
        boxes[node.code] = box
    columns = [[box for box in boxes.values() if box.node.stage == stage] for stage in stages]
    factor = min(
        (HEIGHT - 2 * MARGIN - GAP * (len(column) - 1)) / sum(box.amount for box in column) for column in columns
    )
    for column_of in columns:
        y = MARGIN
        for box in column_of:
            box.y, box.height = round(y, 1), round(max(box.amount * factor, 1.0), 1)
            y += box.height + GAP
    ribbons = [
        _ribbon(link, boxes[link.source], boxes[link.target], factor, items.index(link.item) % 8 + 1) for link in drawn
    ]
    return Sankey(list(boxes.values()), ribbons, HEIGHT)


def _drawn(links: Sequence[Link], side: str, code: str) -> float:
    return sum(link.amount or 0.0 for link in links if getattr(link, side) == code)


def _ribbon(link: Link, source: Box, target: Box, factor: float, tone: int) -> Ribbon:
    thick = (link.amount or 0.0) * factor
    x0, x1 = source.x + BAR, target.x
    y0, y1 = source.y + source.used_out, target.y + target.used_in
    source.used_out += thick
    target.used_in += thick
    middle = (x0 + x1) / 2
    path = (
        f"M{x0:.1f},{y0:.1f} C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f} "
        f"L{x1:.1f},{y1 + thick:.1f} C{middle:.1f},{y1 + thick:.1f} {middle:.1f},{y0 + thick:.1f} {x0:.1f},{y0 + thick:.1f} Z"
    )
    return Ribbon(link, path, tone)
