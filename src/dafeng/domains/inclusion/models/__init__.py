"""What the domain stores, room by room. A person is a pseudonym everywhere but in `members.Identity`."""

from dafeng.domains.inclusion.models.market import *  # noqa: F403
from dafeng.domains.inclusion.models.members import *  # noqa: F403
from dafeng.domains.inclusion.models.operations import *  # noqa: F403
from dafeng.domains.inclusion.models.programme import *  # noqa: F403
from dafeng.domains.inclusion.models.rewards import *  # noqa: F403
from dafeng.domains.inclusion.models.scenes import *  # noqa: F403
from dafeng.domains.inclusion.models.standards import *  # noqa: F403
