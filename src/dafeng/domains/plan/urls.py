"""The plan's addresses, room by room."""

from dafeng.domains.plan.views import assessments, bulletins, dual_control, outline, projects, targets, tasks, warnings

app_name = "plan"
urlpatterns = [
    *targets.urlpatterns,
    *tasks.urlpatterns,
    *projects.urlpatterns,
    *dual_control.urlpatterns,
    *warnings.urlpatterns,
    *assessments.urlpatterns,
    *bulletins.urlpatterns,
    *outline.urlpatterns,
]
