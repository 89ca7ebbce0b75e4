"""The addresses of dual control."""

from django.urls import path

from dafeng.domains.energy.control.views import board, decisions, filing, keeping

urlpatterns = [
    path("control/", board.board, name="control-board"),
    path("control/subjects/<str:subject>/", board.subject, name="control-subject"),
    path("control/subjects/<str:subject>/<slug:quantity>/<str:month>/", filing.month, name="control-month"),
    path("control/lights/<int:id>/follow/", board.follow, name="control-follow"),
    path("control/assess/", board.assess, name="control-assess"),
    path("control/over/", board.over, name="control-over"),
    path("control/own/", board.own, name="control-own"),
    path("control/quotas/", decisions.all_quotas, name="control-quotas"),
    path("control/quotas/new/", decisions.new_quota, name="control-quota-new"),
    path("control/quotas/<int:id>/adjust/", decisions.adjust, name="control-adjust"),
    path("control/decisions/<uuid:id>/", decisions.decision, name="control-decision"),
    path("control/decisions/<uuid:id>/step/", decisions.decision_step, name="control-decision-step"),
    path("control/file/", filing.file, name="control-file"),
    path("control/import/", filing.upload, name="control-upload"),
    path("control/import/template/", filing.template, name="control-template"),
    path("control/imports/<uuid:id>/", filing.import_page, name="control-import"),
    path("control/imports/<uuid:id>/step/", filing.import_step, name="control-import-step"),
    path("control/projects/", keeping.all_projects, name="control-projects"),
    path("control/projects/new/", keeping.new_project, name="control-project-new"),
    path("control/projects/<int:id>/bind/", keeping.bind_project, name="control-project-bind"),
    path("control/projects/<int:id>/release/", keeping.release_part, name="control-project-release"),
    path("control/projects/<int:id>/", keeping.project, name="control-project"),
    path("control/coal/", keeping.coal, name="control-coal"),
    path("control/coal/new/", keeping.new_cut, name="control-coal-new"),
    path("control/coal/<int:id>/use/", keeping.use_cut, name="control-coal-use"),
    path("control/limits/", keeping.all_limits, name="control-limits"),
    path("control/limits/new/", keeping.new_limit, name="control-limit-new"),
    path("control/limits/firm/", keeping.new_index, name="control-index-new"),
    path("control/patrols/", keeping.all_patrols, name="control-patrols"),
    path("control/patrols/new/", keeping.new_patrol, name="control-patrol-new"),
]
