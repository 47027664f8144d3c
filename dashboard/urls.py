"""Map every URL of Drover to its view."""

from django.contrib import admin
from django.urls import path

from dashboard.api.ninja_api import api
from dashboard.views import account, admin_login, composer, generations, health, inputs, media, queue
from queueapp.services import input_links

urlpatterns = [
    path("", queue.index, name="index"),
    path("generations/", composer.submit, name="submit"),
    path("generations/changes/", queue.changes, name="changes"),
    path("generations/params/", composer.params, name="params"),
    path("generations/<uuid:generation_id>/", generations.generation, name="generation"),
    path("generations/<uuid:generation_id>/status/", generations.status, name="generation-status"),
    path("generations/<uuid:generation_id>/cancel/", generations.cancel, name="cancel"),
    path(
        "generations/<uuid:generation_id>/retry-download/", generations.retry_download, name="retry-download"
    ),
    path("generations/<uuid:generation_id>/result/", media.result, name="result"),
    path("generations/<uuid:generation_id>/thumbnail/", media.thumbnail, name="thumbnail"),
    path("generations/<uuid:generation_id>/as-input/", inputs.use_result, name="use-result"),
    path("inputs/", inputs.upload, name="upload"),
    path("inputs/<uuid:input_id>/", media.stored_input, name="input"),
    path("inputs/<uuid:input_id>/thumbnail/", inputs.thumbnail, name="input-thumbnail"),
    path(f"{input_links.PATH}<str:token>/", inputs.shared, name="input-shared"),
    path("account/", account.account, name="account"),
    path("account/tokens/", account.create_token, name="token-create"),
    path("account/tokens/<int:token_id>/revoke/", account.revoke_token, name="token-revoke"),
    path("account/password/", account.change_password, name="password"),
    path("accounts/login/", account.login, name="login"),
    path("accounts/logout/", account.logout, name="logout"),
    path("healthz", health.healthz, name="healthz"),
    path("api/", api.urls),
    path("admin/login/", admin_login.admin_login),
    path("admin/", admin.site.urls),
]
