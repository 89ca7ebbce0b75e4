"""What the domain stores, room by room."""

from dafeng.domains.enterprise.models.compliance import *  # noqa: F403
from dafeng.domains.enterprise.models.reporting import *  # noqa: F403
from dafeng.domains.enterprise.models.review import *  # noqa: F403
from dafeng.domains.enterprise.models.spots import *  # noqa: F403
from dafeng.domains.enterprise.models.verification import *  # noqa: F403
