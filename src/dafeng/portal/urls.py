"""The address space. A domain brings its own pages and its own API router."""

from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.i18n import set_language

from dafeng.portal import views
from dafeng.portal.api import api

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", auth.LoginView.as_view(template_name="portal/login.html"), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("language/", set_language, name="set_language"),
    path("inventory/", include("dafeng.domains.inventory.urls")),
    path("api/", api.urls),
    path("api/docs/", views.api_docs, name="api-docs"),
]
handler404 = "dafeng.portal.views.not_found"
handler403 = "dafeng.portal.views.forbidden"
handler500 = "dafeng.portal.views.failed"
