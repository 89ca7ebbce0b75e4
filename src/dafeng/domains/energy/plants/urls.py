"""The addresses of plants."""

from django.urls import path

from dafeng.domains.energy.plants.views import filing, pages

urlpatterns = [
    path("plants/", pages.plants, name="plants"),
    path("plants/board/", pages.board, name="plants-board"),
    path("plants/storage/", pages.storage, name="plants-storage"),
    path("plants/new/", filing.edit, name="plants-new"),
    path("plants/totals/new/", filing.total, name="plants-total"),
    path("plants/rules/new/", filing.rule, name="plants-rule"),
    path("plants/import/", filing.upload, name="plants-upload"),
    path("plants/import/template/", filing.template, name="plants-template"),
    path("plants/records/<uuid:id>/", filing.record, name="plants-record"),
    path("plants/records/<uuid:id>/step/", filing.record_step, name="plants-record-step"),
    path("plants/publish/", filing.publish, name="plants-publish"),
    path("plants/cards/<slug:plant>/", pages.card, name="plants-card"),
    path("plants/cards/<slug:plant>/edit/", filing.edit, name="plants-edit"),
    path("plants/cards/<slug:plant>/change/", filing.change, name="plants-change"),
    path("plants/cards/<slug:plant>/month/", filing.month, name="plants-month"),
    path("plants/cards/<slug:plant>/lease/", filing.lease, name="plants-lease"),
]
