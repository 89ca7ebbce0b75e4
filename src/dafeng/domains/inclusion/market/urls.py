"""The market's addresses. Words before numbers and slugs, so that `new` is no code."""

from dafeng.domains.inclusion.market.views import desk, firm, mall, merchant, public

urlpatterns = [
    *mall.urlpatterns,
    *merchant.urlpatterns,
    *firm.urlpatterns,
    *public.urlpatterns,
    *desk.urlpatterns,
]
