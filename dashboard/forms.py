"""Define the sign-in form."""

from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """Django's sign-in form with error messages in plain words."""

    error_messages = {
        "invalid_login": "Wrong username or password. Both are case-sensitive.",
        "inactive": "This account is disabled. Ask your admin.",
    }
