"""The addresses of the rewards."""

from django.urls import path

from dafeng.domains.inclusion.rewards.views import applicants, offices

urlpatterns = [
    path("rewards/", applicants.rewards, name="rewards"),
    path("rewards/rules/<slug:code>/<int:number>/", applicants.rule, name="reward-rule"),
    path("rewards/rules/<slug:code>/<int:number>/apply/", applicants.apply, name="reward-apply"),
    path("rewards/mine/", applicants.mine, name="my-rewards"),
    path("rewards/mine/choose/", applicants.choose, name="reward-choose"),
    path("rewards/awards/<uuid:id>/", applicants.award, name="award"),
    path("rewards/awards/<uuid:id>/step/", applicants.award_step, name="award-step"),
    path("rewards/awards/<uuid:id>/mend/", applicants.mend, name="award-mend"),
    path("rewards/desk/", offices.desk, name="reward-desk"),
    path("rewards/desk/rules/", offices.all_rules, name="reward-rules"),
    path("rewards/desk/rules/new/", offices.new_rule, name="reward-rule-new"),
    path("rewards/desk/rules/<slug:code>/<int:number>/step/", offices.rule_step, name="reward-rule-step"),
    path("rewards/desk/budgets/", offices.budgets_page, name="reward-budgets"),
    path("rewards/desk/budgets/new/", offices.new_budget, name="reward-budget-new"),
    path("rewards/desk/budgets/appropriate/", offices.appropriate, name="reward-appropriate"),
    path("rewards/desk/appropriations/<int:id>/step/", offices.appropriation_step, name="reward-appropriation-step"),
    path("rewards/desk/payments/", offices.payments_page, name="reward-payments"),
    path("rewards/desk/payments/draw/", offices.draw, name="reward-draw"),
    path("rewards/desk/payments/<uuid:id>/", offices.payment, name="reward-payment"),
    path("rewards/desk/payments/<uuid:id>/step/", offices.payment_step, name="reward-payment-step"),
    path("rewards/desk/payments/<uuid:id>/file/", offices.payment_file, name="reward-payment-file"),
]
