"""City packs: a city's data as text files, each row with its source, and the tools that read, check and begin one.

Words: *pack* (a folder with pack.toml), *statistics* (public figures as printed), *direct* activity (usable as it is),
*rule* (how activity is estimated from statistics, marked in every row it makes), *boundary* (the counties' polygons).
Pure: no Django. How to write a pack: docs/cities.md.
"""

from dafeng.cities.checks import check_pack
from dafeng.cities.pack import CityPack, builtin_packs, load_pack
from dafeng.cities.scaffold import init_pack
from dafeng.cities.tables import Problem

__all__ = ["CityPack", "Problem", "builtin_packs", "check_pack", "init_pack", "load_pack"]
