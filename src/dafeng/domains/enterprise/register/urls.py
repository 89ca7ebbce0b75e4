"""The addresses of the register."""

from dafeng.domains.enterprise.register.views import imports, pages

urlpatterns = [*imports.urlpatterns, *pages.urlpatterns]
