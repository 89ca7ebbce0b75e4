"""The domain's addresses: what belongs to a city begins with its code; records have addresses of their own."""

from dafeng.domains.disclosure.views import cases, filings, imports, public, register, voices

app_name = "disclosure"
urlpatterns = [
    # Before the city's pages: these words are no codes.
    *register.urlpatterns,
    *filings.urlpatterns,
    *imports.urlpatterns,
    *voices.urlpatterns,
    *cases.urlpatterns,
    *register.city_urls,
    *imports.city_urls,
    *voices.city_urls,
    *cases.city_urls,
    *public.urlpatterns,
]
