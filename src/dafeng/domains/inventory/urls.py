"""The inventory's addresses, room by room."""

from dafeng.domains.inventory.views import account, data, factors, quality, reported, reports

app_name = "inventory"
urlpatterns = [
    *data.urlpatterns,
    *reported.urlpatterns,
    *factors.urlpatterns,
    *quality.urlpatterns,
    *reports.urlpatterns,
    *account.urlpatterns,
]
