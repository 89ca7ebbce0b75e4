from django.urls import path

from dafeng.domains.inventory import views

app_name = "inventory"
urlpatterns = [
    path("<str:code>/", views.account, name="account"),
    path("<str:code>/lineage/", views.lineage, name="lineage"),
    path("<str:code>/download/<str:format>/", views.download, name="download"),
]
