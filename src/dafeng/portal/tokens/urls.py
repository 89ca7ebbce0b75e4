"""Addresses of the page of tokens."""

from django.urls import path

from dafeng.portal.tokens import views

app_name = "tokens"
urlpatterns = [
    path("", views.tokens, name="list"),
    path("new/", views.make, name="make"),
    path("<int:id>/revoke/", views.revoke, name="revoke"),
]
