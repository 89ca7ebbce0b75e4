"""Read an exported inventory with pyam and PRIMAP2 and print what they found as JSON.

Runs in `.venv-nightly`, which holds those packages and nothing of ours: `python read_back.py FOLDER`, where FOLDER has
`iamc.csv` and `primap2.yaml` with its data beside it.
"""

import json
import sys
from pathlib import Path


def by_pyam(path):
    """Regions, years, totals in Mt CO2e, and the variables whose parts do not add up to them."""
    import pyam

    data = pyam.IamDataFrame(path)
    uneven = [variable for variable in data.variable if data.check_aggregate(variable) is not None]
    totals = data.filter(variable="Emissions|Kyoto Gases (*)", level=0).data
    carbon = data.filter(variable="Emissions|CO2").convert_unit("Mt CO2/yr", "kt CO2/yr").data
    return {
        "regions": list(data.region),
        "variables": len(data.variable),
        "uneven": uneven,
        "totals": {str(year): value for year, value in zip(totals["year"], totals["value"], strict=True)},
        "carbon_kt": {str(year): value for year, value in zip(carbon["year"], carbon["value"], strict=True)},
    }


def by_primap2(path):
    """Totals in t CO2e as we gave them, and as PRIMAP2 weighs our gases with its own potentials."""
    from primap2.pm2io import from_interchange_format, read_interchange_format

    data = from_interchange_format(read_interchange_format(path))
    names = list(data.data_vars)
    summed = next(name for name in names if name.startswith("KYOTOGHG"))
    context = data[summed].attrs["gwp_context"]
    whole = data.pr.loc[{"category": "0"}]
    weighed = sum(
        whole[name].pr.convert_to_gwp(gwp_context=context, units="t CO2 / yr").fillna(0)
        for name in names
        if name != summed
    )

    def by_year(values):
        plain = values.squeeze().pint.to("t CO2 / yr").pint.dequantify()
        return {str(moment)[:4]: float(value) for moment, value in zip(plain["time"].values, plain.values, strict=True)}

    return {"context": context, "entities": names, "ours": by_year(whole[summed]), "theirs": by_year(weighed)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(json.dumps({"pyam": by_pyam(folder / "iamc.csv"), "primap2": by_primap2(folder / "primap2.yaml")}))
