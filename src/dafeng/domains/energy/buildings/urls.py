"""The addresses of buildings."""

from django.urls import path

from dafeng.domains.energy.buildings.views import imports, pages

urlpatterns = [
    path("buildings/", pages.buildings, name="buildings"),
    path("buildings/new/", pages.edit, name="buildings-new"),
    path("buildings/import/", imports.upload, name="buildings-upload"),
    path("buildings/import/template/", imports.template, name="buildings-template"),
    path("buildings/imports/<uuid:id>/", imports.import_page, name="buildings-import"),
    path("buildings/imports/<uuid:id>/step/", imports.import_step, name="buildings-import-step"),
    path("buildings/retrofits/", pages.retrofits, name="buildings-retrofits"),
    path("buildings/records/<uuid:id>/", pages.record, name="buildings-record"),
    path("buildings/records/<uuid:id>/step/", pages.record_step, name="buildings-record-step"),
    path("buildings/publish/", pages.publish, name="buildings-publish"),
    path("buildings/cards/<slug:building>/", pages.card, name="buildings-card"),
    path("buildings/cards/<slug:building>/edit/", pages.edit, name="buildings-edit"),
    path("buildings/cards/<slug:building>/use/", pages.use, name="buildings-use"),
    path("buildings/cards/<slug:building>/meters/", pages.meters, name="buildings-meters"),
    path("buildings/cards/<slug:building>/use/metered/", pages.use_metered, name="buildings-use-metered"),
    path("buildings/cards/<slug:building>/retrofit/", pages.retrofit, name="buildings-retrofit"),
    path("buildings/cards/<slug:building>/audit/", pages.audit, name="buildings-audit"),
]
