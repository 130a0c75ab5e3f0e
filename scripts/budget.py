"""The budget of the AWS account, created by API: 20 regions lack the resource type and refuse a template with it."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws import Client
from scripts.samconfig import Profile

# Percent of the limit: of what was spent, and of what AWS forecasts.
_THRESHOLDS = (("ACTUAL", 80.0), ("FORECASTED", 100.0))
_NOT_THERE = "NotFoundException"


def keep(profile: Profile, client: Client, before: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Create, change or delete the budget: the stack's parameters were ``before`` and are ``parameters``."""
    if not is_wanted(parameters):
        if is_wanted(before):
            remove(profile, client)
        return
    budgets, notifications = client("budgets"), _notifications(parameters)
    named = {"AccountId": _account(client), "BudgetName": _name(profile)}
    limit = {"Amount": parameters["MonthlyBudget"], "Unit": "USD"}
    if _is_current(budgets, named, limit, notifications[0]):
        return
    remove(profile, client)
    # Of the whole account: the costs of one stack are known only by cost allocation tags, which are off by default.
    budget = {"BudgetName": named["BudgetName"], "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    budgets.create_budget(AccountId=named["AccountId"], Budget=budget, NotificationsWithSubscribers=notifications)
    print(f"Created the budget '{named['BudgetName']}' of {limit['Amount']} US dollars a month.")


def is_wanted(parameters: Mapping[str, str]) -> bool:
    """Whether a stack with these parameters has a budget."""
    return float(parameters.get("MonthlyBudget", "0")) > 0


def remove(profile: Profile, client: Client) -> None:
    """Delete the budget, if there is one."""
    try:
        client("budgets").delete_budget(AccountId=_account(client), BudgetName=_name(profile))
    except ClientError as error:
        if error.response["Error"]["Code"] != _NOT_THERE:
            raise


def _account(client: Client) -> str:
    return str(client("sts").get_caller_identity()["Account"])


def _name(profile: Profile) -> str:
    return f"{profile.stack} in {profile.region}"


def _notifications(parameters: Mapping[str, str]) -> list[dict[str, Any]]:
    recipients = (("EMAIL", parameters.get("AlarmEmail", "")), ("SNS", parameters.get("AlarmTopicArn", "")))
    subscribers = [{"SubscriptionType": kind, "Address": address} for kind, address in recipients if address]
    return [
        {
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": subscribers,
        }
        for kind, percent in _THRESHOLDS
    ]


def _is_current(
    budgets: Any,  # noqa: ANN401 - boto3 makes its clients at run time
    named: Mapping[str, str],
    limit: Mapping[str, str],
    notification: Mapping[str, Any],
) -> bool:
    """Whether the budget exists with this limit and these recipients, who are the same for both notifications."""
    try:
        found = budgets.describe_budget(**named)["Budget"]
        asked = notification["Notification"]
        told = budgets.describe_subscribers_for_notification(**named, Notification=asked)["Subscribers"]
    except ClientError as error:
        if error.response["Error"]["Code"] == _NOT_THERE:
            return False
        raise
    same_limit = float(found["BudgetLimit"]["Amount"]) == float(limit["Amount"])
    return same_limit and _addresses(told) == _addresses(notification["Subscribers"])


def _addresses(subscribers: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(it["SubscriptionType"], it["Address"]) for it in subscribers}
