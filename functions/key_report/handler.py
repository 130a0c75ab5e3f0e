"""POST /reports/leaked-keys: GitHub's secret scanning reports API keys that it found in public; they are revoked."""

from accounts import deployment
from accounts.web import leak_reports, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
LEAK_REPORTS = DEPLOYMENT.leak_reports


@endpoint(routes.KEY_REPORT, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    report = leak_reports.read(request, DEPLOYMENT.settings)
    return leak_reports.feedback(LEAK_REPORTS.receive(report, request.caller, request.received_at))
