"""Addresses of the room."""

from django.urls import path

from dafeng.domains.inclusion.standards.views import keep, public, rates

urlpatterns = [
    path("standards/", public.standards, name="standards"),
    path("standards/new/", keep.propose, name="methodology-new"),
    path("standards/rates/", rates.rates, name="rates"),
    path("standards/rates/new/", rates.new_rate, name="rate-new"),
    path("standards/rates/<uuid:id>/", rates.rate, name="rate"),
    path("standards/rates/<uuid:id>/step/", rates.rate_step, name="rate-step"),
    path("standards/rates/<uuid:id>/comment/", keep.rate_comment, name="rate-comment"),
    path("standards/comments/<int:id>/answer/", keep.answer, name="standard-answer"),
    path("standards/sinks/<slug:kind>/", public.sink, name="sink"),
    path("standards/m/<slug:code>/", public.methodology, name="methodology"),
    path("standards/m/<slug:code>/compare/", public.compare, name="methodology-compare"),
    path("standards/m/<slug:code>/label.svg", public.label, name="label"),
    path("standards/m/<slug:code>/begin/", keep.begin, name="methodology-begin"),
    path("standards/m/<slug:code>/<int:number>/edit/", keep.edit, name="methodology-edit"),
    path("standards/m/<slug:code>/<int:number>/step/", keep.step, name="methodology-step"),
    path("standards/m/<slug:code>/<int:number>/comment/", keep.comment, name="methodology-comment"),
]
