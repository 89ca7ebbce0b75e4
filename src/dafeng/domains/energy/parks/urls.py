"""The addresses of parks."""

from django.urls import path

from dafeng.domains.energy.parks.views import baseline, board, desks, filing, outside, outside_import

urlpatterns = [
    path("parks/", board.parks, name="parks"),
    path("parks/new/", filing.edit, name="parks-new"),
    path("parks/progress/", board.progress, name="parks-progress"),
    path("parks/heat-map/", desks.heat_map, name="parks-heat-map"),
    path("parks/heat/", outside.desk, name="parks-outside"),
    path("parks/heat/propose/", outside.propose, name="parks-outside-propose"),
    path("parks/heat/import/", outside_import.upload, name="parks-outside-upload"),
    path("parks/heat/import/template/", outside_import.template, name="parks-outside-template"),
    path("parks/heat/imports/<uuid:id>/", outside_import.page, name="parks-outside-import"),
    path("parks/heat/imports/<uuid:id>/step/", outside_import.step, name="parks-outside-import-step"),
    path("parks/heat/withdraw/", outside.withdraw, name="parks-outside-withdraw"),
    path("parks/heat/file/<slug:what>/", outside.file, name="parks-outside-file"),
    path("parks/import/", filing.upload, name="parks-upload"),
    path("parks/import/template/", filing.template, name="parks-template"),
    path("parks/imports/<uuid:id>/", filing.import_page, name="parks-import"),
    path("parks/imports/<uuid:id>/step/", filing.import_step, name="parks-import-step"),
    path("parks/records/<uuid:id>/", filing.record, name="parks-record"),
    path("parks/records/<uuid:id>/step/", filing.record_step, name="parks-record-step"),
    path("parks/publish/", filing.publish, name="parks-publish"),
    path("parks/at/<slug:park>/", board.board, name="parks-board"),
    path("parks/at/<slug:park>/edit/", filing.edit, name="parks-edit"),
    path("parks/at/<slug:park>/flows/", board.flows, name="parks-flows"),
    path("parks/at/<slug:park>/baseline/", baseline.baseline, name="parks-baseline"),
    path("parks/at/<slug:park>/heat/", desks.heat_desk, name="parks-heat"),
    path("parks/at/<slug:park>/heat/propose/", filing.propose, name="parks-propose"),
    path("parks/at/<slug:park>/materials/", desks.materials_desk, name="parks-materials"),
    path("parks/at/<slug:park>/withdraw/", filing.withdraw, name="parks-withdraw"),
    path("parks/at/<slug:park>/file/<slug:what>/", filing.file, name="parks-file"),
]
