"""What can be done at the API beyond what the domains and the portal have declared."""

from dafeng.kernel.actions import PUBLIC, action

SEE_INDICATORS = action("indicators.see", "查看各业务公布的指标", {PUBLIC})
