"""The addresses of the room."""

from django.urls import path

from dafeng.domains.energy.hydro.views import board, ecology, register, sharing

urlpatterns = [
    path("hydro/", board.basin, name="hydro"),
    path("hydro/stations/new/", register.edit, name="hydro-new"),
    path("hydro/stations/<slug:station>/", board.station, name="hydro-station"),
    path("hydro/stations/<slug:station>/edit/", register.edit, name="hydro-edit"),
    path("hydro/stations/<slug:station>/points/", register.bind, name="hydro-points"),
    path("hydro/stations/<slug:station>/threshold/", register.decide, name="hydro-threshold"),
    path("hydro/stations/<slug:station>/consent/", sharing.consent, name="hydro-consent"),
    path("hydro/stations/<slug:station>/forecast/", board.forecast, name="hydro-forecast"),
    path("hydro/forecasts/", board.forecasts, name="hydro-forecasts"),
    path("hydro/register/", register.register, name="hydro-register"),
    path("hydro/rivers/", register.rivers, name="hydro-rivers"),
    path("hydro/rivers/new/", register.edit_river, name="hydro-river-new"),
    path("hydro/rivers/<slug:river>/edit/", register.edit_river, name="hydro-river-edit"),
    path("hydro/gauges/", board.gauges, name="hydro-gauges"),
    path("hydro/gauges/new/", register.edit_gauge, name="hydro-gauge-new"),
    path("hydro/gauges/<slug:gauge>/edit/", register.edit_gauge, name="hydro-gauge-edit"),
    path("hydro/gauges/<slug:gauge>/points/", register.bind_gauge, name="hydro-gauge-points"),
    path("hydro/import/", register.upload, name="hydro-upload"),
    path("hydro/import/template/", register.template, name="hydro-template"),
    path("hydro/imports/<uuid:id>/", register.import_page, name="hydro-import"),
    path("hydro/imports/<uuid:id>/step/", register.import_step, name="hydro-import-step"),
    path("hydro/decisions/<uuid:id>/", register.decision, name="hydro-decision"),
    path("hydro/decisions/<uuid:id>/step/", register.decision_step, name="hydro-decision-step"),
    path("hydro/ecology/", ecology.compliance_page, name="hydro-ecology"),
    path("hydro/warnings/", ecology.desk, name="hydro-warnings"),
    path("hydro/warnings/<int:id>/", ecology.warning, name="hydro-warning"),
    path("hydro/warnings/<int:id>/step/", ecology.step, name="hydro-warning-step"),
    path("hydro/notices/", sharing.notices_page, name="hydro-notices"),
    path("hydro/notices/<int:id>/withdraw/", sharing.withdraw, name="hydro-notice-withdraw"),
    path("hydro/pumped/", sharing.pumped_list, name="hydro-pumped"),
    path("hydro/pumped/<slug:station>/", sharing.pumped_station, name="hydro-pumped-station"),
    path("hydro/run/", ecology.run, name="hydro-run"),
]
