"""The addresses of the room."""

from django.urls import path

from dafeng.domains.energy.monitoring.views import (
    anomalies,
    firms,
    live,
    model,
    plans,
    point_register,
    point_uploads,
    points,
    quarantine,
)

urlpatterns = [
    path("monitoring/", firms.firms, name="monitoring-firms"),
    path("monitoring/rating/", firms.rating_page, name="monitoring-rating"),
    path("monitoring/anomalies/", anomalies.desk, name="monitoring-anomalies"),
    path("monitoring/anomalies/<int:id>/", anomalies.anomaly, name="monitoring-anomaly"),
    path("monitoring/anomalies/<int:id>/step/", anomalies.step, name="monitoring-anomaly-step"),
    path("monitoring/measures/<int:id>/step/", plans.measure_step, name="monitoring-measure-step"),
    path("monitoring/run/", anomalies.run, name="monitoring-run"),
    path("monitoring/quarantine/", quarantine.quarantined, name="monitoring-quarantine"),
    path("monitoring/quarantine/<int:id>/", quarantine.one, name="monitoring-quarantine-one"),
    path("monitoring/quarantine/<int:id>/decide/", quarantine.decide, name="monitoring-quarantine-decide"),
    path("points/", point_register.register, name="series-points"),
    path("points/new/", point_register.add, name="series-point-add"),
    path("points/cards/<slug:code>/", point_register.card, name="series-point"),
    path("points/cards/<slug:code>/edit/", point_register.edit, name="series-point-edit"),
    path("points/cards/<slug:code>/fact/", point_register.fact, name="series-point-fact"),
    path("points/devices/", point_register.devices, name="series-devices"),
    path("points/devices/<slug:code>/", point_register.device, name="series-device"),
    path("points/devices/<slug:code>/step/", point_register.device_step, name="series-device-step"),
    path("points/upload/", point_uploads.upload, name="series-upload"),
    path("points/upload/<slug:name>/", point_uploads.preview, name="series-upload-preview"),
    path("points/upload/<slug:name>/take/", point_uploads.take, name="series-upload-take"),
    path("monitoring/enrol/", model.enrol, name="monitoring-enrol"),
    path("monitoring/<slug:code>/", firms.board, name="monitoring-board"),
    path("monitoring/<slug:code>/now/", live.now, name="monitoring-now"),
    path("monitoring/<slug:code>/flows/", firms.flows_page, name="monitoring-flows"),
    path("monitoring/<slug:code>/output/", firms.output, name="monitoring-output"),
    path("monitoring/<slug:code>/points/", points.points, name="monitoring-points"),
    path("monitoring/<slug:code>/forecast/", plans.forecast_page, name="monitoring-forecast"),
    path("monitoring/<slug:code>/baseline/", plans.baseline_page, name="monitoring-baseline"),
    path("monitoring/<slug:code>/advice/", plans.advice_page, name="monitoring-advice"),
    path("monitoring/<slug:code>/measures/", plans.plan, name="monitoring-plan"),
    path("monitoring/<slug:code>/equipment/", plans.equipment, name="monitoring-equipment"),
    path("monitoring/<slug:code>/model/", model.model, name="monitoring-model"),
    path("monitoring/<slug:code>/model/template/", model.template, name="monitoring-model-template"),
    path("monitoring/<slug:code>/model/upload/", model.upload, name="monitoring-model-upload"),
    path("monitoring/<slug:code>/model/imports/<uuid:id>/", model.import_page, name="monitoring-model-import"),
    path(
        "monitoring/<slug:code>/model/imports/<uuid:id>/step/", model.import_step, name="monitoring-model-import-step"
    ),
    path("monitoring/<slug:code>/model/edit/<slug:part>/", model.edit, name="monitoring-model-edit"),
]
