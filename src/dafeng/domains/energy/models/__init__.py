"""What the domain stores, room by room."""

from dafeng.domains.energy.models.buildings import *  # noqa: F403
from dafeng.domains.energy.models.control import *  # noqa: F403
from dafeng.domains.energy.models.hydro import *  # noqa: F403
from dafeng.domains.energy.models.monitoring import *  # noqa: F403
from dafeng.domains.energy.models.parks import *  # noqa: F403
from dafeng.domains.energy.models.plants import *  # noqa: F403
