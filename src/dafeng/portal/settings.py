"""Settings. Everything that differs between installations comes from the environment; the defaults run on a laptop.

`DATABASE_URL` (SQLite by default), `DAFENG_DATA` (where data lives), `DAFENG_SECRET_KEY`, `DAFENG_DEBUG`, `DAFENG_HOSTS`,
`DAFENG_DEMO` (demo logins and their banner), `DAFENG_MAP_APPROVAL` (the map's approval number), `DAFENG_SITE` (the
address that mails name), `DAFENG_MAIL` and `DAFENG_MAIL_FROM` (the mail server; without one mails go to the terminal),
`DAFENG_HTTPS` and `DAFENG_PROXIES` (behind how many proxies), `DAFENG_OIDC_URL`, `_ID`, `_SECRET`, `_NAME`, `_SIGNUP`
(logins by the organisation's own identity provider; `_SIGNUP=1` lets its people in without an invitation, with no role).
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

HOME = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DAFENG_DATA", "var")).resolve()
DATA.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """From the environment, else one made at first use and kept readable by its owner only."""
    if key := os.environ.get("DAFENG_SECRET_KEY"):
        return key
    path = DATA / "secret_key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = _secret_key()
# Earlier keys, so that a change of the key does not make sealed contacts and receipts unreadable.
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("DAFENG_OLD_SECRET_KEYS", "").split(",") if key]
DEBUG = os.environ.get("DAFENG_DEBUG", "") == "1"
DEMO = os.environ.get("DAFENG_DEMO", "1") == "1"
ALLOWED_HOSTS = os.environ.get("DAFENG_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")

INSTALLED_APPS = [
    # The portal's own templates come before those of the packages below.
    "dafeng.portal",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_tasks",
    "django_tasks_db",
    "dafeng.kernel.records",
    "dafeng.kernel.indicators",
    "dafeng.kernel.ledger",
    "dafeng.kernel.desk",
    "dafeng.kernel.jobs",
    "dafeng.kernel.enterprises",
    "dafeng.kernel.series",
    "dafeng.domains.inventory",
    "dafeng.domains.disclosure",
    "dafeng.domains.plan",
    "dafeng.domains.inclusion",
    "dafeng.domains.energy",
    "dafeng.domains.enterprise",
    "dafeng.portal.accounts",
    "dafeng.portal.tokens",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dafeng.portal.accounts.middleware.RolesOnce",
    "dafeng.portal.accounts.middleware.LiveSessions",
    "dafeng.portal.errors.ErrorPages",
]
ROOT_URLCONF = "dafeng.portal.urls"
WSGI_APPLICATION = "dafeng.portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "dafeng.portal.context.installation",
            ],
        },
    }
]

_SQLITE = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{DATA / 'dafeng.sqlite3'}", conn_max_age=60)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = _SQLITE
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["dafeng.portal.accounts.adapters.Backend"]
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}"
    for name in ("Argon2PasswordHasher", "PBKDF2PasswordHasher", "ScryptPasswordHasher")
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username", "display_name", "email")}},
    {"NAME": "dafeng.portal.accounts.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

# Logins are allauth's; nobody signs up by themselves (see accounts.adapters).
ACCOUNT_ADAPTER = "dafeng.portal.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "dafeng.portal.accounts.forms.EntranceForm",
    "change_password": "dafeng.portal.accounts.forms.ChangePasswordForm",
    "set_password": "dafeng.portal.accounts.forms.SetPasswordForm",
    "reset_password": "dafeng.portal.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "dafeng.portal.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "dafeng.portal.accounts.forms.ReauthenticateForm",
    "add_email": "dafeng.portal.accounts.forms.AddEmailForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[达峰] "
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# A whole office may share one address, so what counts against guessing is the name that is tried.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "30/m/ip,5/5m/key", "invitation": "20/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = int(
    os.environ.get("DAFENG_PROXIES", "1" if os.environ.get("DAFENG_HTTPS") == "1" else "0")
)
MFA_ADAPTER = "dafeng.portal.accounts.adapters.MfaAdapter"
MFA_FORMS = {
    "authenticate": "dafeng.portal.accounts.forms.AuthenticateForm",
    "reauthenticate": "dafeng.portal.accounts.forms.MfaReauthenticateForm",
    "activate_totp": "dafeng.portal.accounts.forms.ActivateTOTPForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "达峰"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # guards against strangers who sign up with another's address; here nobody signs up
SOCIALACCOUNT_ADAPTER = "dafeng.portal.accounts.adapters.SocialAdapter"
OIDC_NAME, OIDC_SIGNUP, _oidc = "", os.environ.get("DAFENG_OIDC_SIGNUP") == "1", os.environ.get("DAFENG_OIDC_URL", "")
if _oidc:
    OIDC_NAME = os.environ.get("DAFENG_OIDC_NAME", "单位统一身份认证")
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "office",
                    "name": OIDC_NAME,
                    "client_id": os.environ["DAFENG_OIDC_ID"],
                    "secret": os.environ["DAFENG_OIDC_SECRET"],
                    "settings": {"server_url": _oidc},
                }
            ],
        }
    }

# Twelve hours after its last use a session is over, and with the browser, unless the person asked to stay logged in.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
REMEMBER_AT_MOST = timedelta(days=14)
# Rate limits are counted here. Several server processes need a shared cache: `DAFENG_CACHE=db` uses the database.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}
if os.environ.get("DAFENG_CACHE") == "db":
    CACHES["default"] |= {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "dafeng_cache"}
# Parts of pages, remembered by each process for itself (kernel.pages.kept).
CACHES["near"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "near", "OPTIONS": {"MAX_ENTRIES": 2_000},
}  # fmt: skip

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [HOME / "locale"]
FORMAT_MODULE_PATH = ["dafeng.portal.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATIC_ROOT.mkdir(exist_ok=True)
MEDIA_ROOT = DATA / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A request as a whole; each page has its own, smaller limit for a file.
UPLOAD_BYTES = 64 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "dafeng.portal.quota.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Long work is queued in the database and done by `dafeng worker`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Mail goes to the terminal until a server is named (`smtp://user:password@host:port`).
SITE_ADDRESS = os.environ.get("DAFENG_SITE", "http://127.0.0.1:8000").rstrip("/")
DEFAULT_FROM_EMAIL = os.environ.get("DAFENG_MAIL_FROM", "dafeng@localhost")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if mail := os.environ.get("DAFENG_MAIL"):
    _server = urlsplit(mail)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _server.hostname or "", _server.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_server.username or ""), unquote(_server.password or "")
    EMAIL_USE_TLS = EMAIL_PORT == 587
    EMAIL_USE_SSL = EMAIL_PORT == 465

CSRF_FAILURE_VIEW = "dafeng.portal.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *([f"{urlsplit(_oidc).scheme}://{urlsplit(_oidc).netloc}"] if _oidc else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if os.environ.get("DAFENG_HTTPS") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31536000

# Errors go to standard error, where the server's operator looks.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}

MAP_APPROVAL = os.environ.get("DAFENG_MAP_APPROVAL", "")
