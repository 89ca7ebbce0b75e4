"""Logging in and out, one's own account, organisations and their members, invitations.

The pages of allauth that are reachable here are mounted one by one, each behind an action; the rest of allauth is not.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from allauth.usersessions import views as sessions
from django.urls import path, re_path

from dafeng.portal.accounts import entrance_views, invitation_views, member_views, views
from dafeng.portal.accounts.views import entrance, own

_login, _logout = entrance(entrance_views.login), entrance(account.logout)

urlpatterns = [
    path("login/", _login, name="account_login"),
    path("login/", _login, name="login"),
    path("logout/", _logout, name="account_logout"),
    path("logout/", _logout, name="logout"),
    path("language/", views.language, name="set_language"),
    path("profile/", views.profile, name="profile"),
    path("held/", views.held_form, name="held"),
    path("account/inactive/", entrance(account.account_inactive), name="account_inactive"),
    path("account/password/reset/", entrance(account.password_reset), name="account_reset_password"),
    path("account/password/reset/done/", entrance(account.password_reset_done), name="account_reset_password_done"),
    path(
        "account/password/reset/key/done/",
        entrance(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        entrance(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("account/email/confirm/<str:key>/", entrance(account.confirm_email), name="account_confirm_email"),
    path("account/email/sent/", entrance(account.email_verification_sent), name="account_email_verification_sent"),
    path("account/email/", own(account.email), name="account_email"),
    path("account/password/", own(account.password_change), name="account_change_password"),
    path("account/password/set/", own(account.password_set), name="account_set_password"),
    path("account/confirm/", own(account.reauthenticate), name="account_reauthenticate"),
    path("account/2fa/", own(mfa.index), name="mfa_index"),
    path("account/2fa/login/", entrance(mfa.authenticate), name="mfa_authenticate"),
    path("account/2fa/confirm/", own(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("account/2fa/totp/", own(totp.activate_totp), name="mfa_activate_totp"),
    path("account/2fa/totp/off/", own(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/2fa/codes/", own(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/2fa/codes/new/", own(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/2fa/codes/file/", own(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("account/sessions/", own(sessions.list_usersessions), name="usersessions_list"),
    path("account/links/", own(social.connections), name="socialaccount_connections"),
    path("account/links/signup/", entrance(social.signup), name="socialaccount_signup"),
    path("account/links/cancelled/", entrance(social.login_cancelled), name="socialaccount_login_cancelled"),
    path("account/links/error/", entrance(social.login_error), name="socialaccount_login_error"),
    path("account/oidc/<str:provider_id>/login/", entrance(oidc.login), name="openid_connect_login"),
    path("account/oidc/<str:provider_id>/callback/", entrance(oidc.callback), name="openid_connect_callback"),
    path("invitation/<str:token>/", invitation_views.accept, name="invitation"),
    path("organisations/", member_views.organisations, name="organisations"),
    path("organisations/new/", member_views.organisation_new, name="organisation-new"),
    path("organisations/<str:code>/", member_views.organisation, name="organisation"),
    path("organisations/<str:code>/edit/", member_views.organisation_edit, name="organisation-edit"),
    path("organisations/<str:code>/invite/", invitation_views.invite, name="organisation-invite"),
    path(
        "organisations/<str:code>/invitations/<int:id>/revoke/", invitation_views.revoke, name="invitation-revoke"
    ),
    path("organisations/<str:code>/members/<int:id>/", member_views.membership, name="membership"),
    path("people/", member_views.people, name="people"),
    path("people/<int:id>/", member_views.person, name="person"),
]  # fmt: skip
