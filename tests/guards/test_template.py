"""What the template promises about tables, keys, secrets, timeouts, logs and the edge."""

import json
from pathlib import Path
from typing import Any

import cfnlint
import pytest
from botocore.config import Config

from accounts.aws import clients
from accounts.breach_lists import _TIMEOUT as BREACH_TIMEOUT
from accounts.dynamo import tables
from accounts.limits import CLIENT_DOCUMENT_TOTAL_SECONDS
from accounts.ses import postman
from accounts.web.requests import FIREWALL_SECRET_HEADER, VIEWER_HEADER
from accounts.web.routes import ROUTES
from tests.cloudformation import resources, template
from tests.guards import project
from tests.guards.project import resolved

TABLES = resources("AWS::DynamoDB::Table")
OUR_KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}
# What may go by itself: everything but people, and the keys they hold until they delete them.
KEPT_FOREVER = {"UsersTable", "ApiKeysTable", "PasskeysTable"}
OPERATORS = {
    "operator_account_disable",
    "operator_account_enable",
    "operator_account_inspect",
    "operator_account_delete",
    "operator_account_logout",
    "operator_account_unlock",
    "operator_factor_reset",
    "operator_key_revoke",
    "operator_password_revoke",
}
# One full vCPU (Lambda's documentation); bcrypt uses one.
WHOLE_VCPU_MB = 1769
TEMPLATES = ("template.yaml", "monitoring/template.yaml")
# cfn-lint's list of the types in each region.
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas" / "providers"
MOST_REGIONS = 25
# A longer template is hard to read, and so are longer lines. The longest is the format of the access log.
MOST_LINES = 2000
LONGEST_LINE = 208
GATEWAY_SECONDS = 30


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_on_demand_restorable_and_encrypted_with_the_data_key(name: str) -> None:
    """So that a stolen disk or an accidental delete does no lasting harm (DA-05)."""
    table = TABLES[name]
    assert {key: table[key] for key in ("BillingMode", "PointInTimeRecoverySpecification", "SSESpecification")} == {
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": OUR_KEY},
    }


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_protected_in_production(name: str) -> None:
    """And outlives its stack, unless the stack's creation failed."""
    resource = template()["Resources"][name]
    assert resolved("DeletionProtectionEnabled", resource["Properties"]) == "IsProd: True, else False"
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_production_is_the_stage_called_prod() -> None:
    """The condition that protects the tables."""
    assert template()["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_expired_items_are_deleted() -> None:
    """By the attribute that the models write."""
    swept = {name: table["TimeToLiveSpecification"] for name, table in TABLES.items() if name not in KEPT_FOREVER}
    expected = {name: {"AttributeName": "expires_at", "Enabled": True} for name in swept}
    # Powertools' own name for it.
    assert swept == expected | {"MailDeliveriesTable": {"AttributeName": "expiration", "Enabled": True}}


def test_queues_topics_secrets_and_logs_are_encrypted_with_the_data_key() -> None:
    names = {
        "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::SNS::Topic": "KmsMasterKeyId",
        "AWS::SecretsManager::Secret": "KmsKeyId",
        "AWS::Logs::LogGroup": "KmsKeyId",
    }
    found = {name: it.get(key) for kind, key in names.items() for name, it in resources(kind).items()}
    assert found == dict.fromkeys(found, OUR_KEY)


def test_the_data_key_is_rotated_and_retained() -> None:
    """Without the key no table can be read."""
    key = template()["Resources"]["DataKey"]
    assert (key["Properties"]["EnableKeyRotation"], key["DeletionPolicy"]) == (True, "RetainExceptOnCreate")


def test_no_secret_is_a_parameter() -> None:
    """Every principal that may describe the stack can read parameters (ASVS 13.3.1)."""
    secretive = ("secret", "password", "pepper", "token", "private")
    named = {name for name in template()["Parameters"] if any(word in name.lower() for word in secretive)}
    assert named == {
        "BreachedPasswordLookup",
        "FirewallSecretArn",
        "FirewallSecretDigests",
        "PasswordMinCharacters",
    }


def test_no_secret_is_in_the_environment_or_an_output() -> None:
    """Functions receive ARNs of secrets. Only CloudFront's origin header resolves one."""
    environment = template()["Globals"]["Function"]["Environment"]["Variables"]
    written_out = {name for name, value in environment.items() if not isinstance(value, dict)}
    # CloudFront can be told no other way; it goes nowhere else.
    told = resources("AWS::CloudFront::Distribution")["Edge"]["DistributionConfig"]["Origins"][0]["OriginCustomHeaders"]
    assert told[0]["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${FirewallSecretArn}}}"}
    assert json.dumps(template()).count("{{resolve:") == 1
    assert written_out == {"POWERTOOLS_LOG_LEVEL", "POWERTOOLS_LOGGER_LOG_EVENT"}
    assert [own["CodeUri"] for own in resources(project.FUNCTION).values() if "Environment" in own] == []


def test_secrets_are_generated_and_not_written_in_the_template() -> None:
    """So that no person knows it in advance."""
    written = {name: it for name, it in resources("AWS::SecretsManager::Secret").items() if "SecretString" in it}
    allowed = {"OAuthProvidersSecret"}
    assert set(written) - allowed == set()
    assert [name for name, it in written.items() if _filled(json.loads(it["SecretString"]))] == []


def test_every_log_group_has_a_retention() -> None:
    """A log group of the stack, with the retention of the deployment; the gateway's access log, too."""
    groups = resources("AWS::Logs::LogGroup")
    kept = {name: group.get("RetentionInDays") for name, group in groups.items()}
    assert kept == {key: {"Ref": "LogRetentionDays"} for key in kept}
    written = {json.dumps(function["LoggingConfig"]) for function in project.functions().values()}
    assert written == {json.dumps({"LogGroup": {"Ref": "FunctionsLogGroup"}})}
    assert resources("AWS::Serverless::HttpApi")["HttpApi"]["AccessLogSettings"]["DestinationArn"] == {
        "Fn::GetAtt": ["AccessLogGroup", "Arn"]
    }


def test_every_function_has_a_caller() -> None:
    """A route, a schedule, a queue or a topic.

    Other APIs invoke the authorizer, operators their functions by name, and functions the one that fetches documents.
    """
    uncalled = {name for name, it in project.functions().items() if not it.get("Events")}
    (source,) = resources("AWS::Lambda::EventSourceMapping").values()
    assert source["FunctionName"] == {"Ref": "MailerFunction"}
    assert uncalled == {"authorizer", "client_document", "mailer", *OPERATORS}


def test_policies_have_no_wildcards() -> None:
    """No action has a wildcard; a resource has one only for SES identities and SES's own list (see test_policies)."""
    actions = {action for _, it in project.statements() for action in project.listed(it["Action"])}
    assert [action for action in actions if "*" in action] == []
    reached = {json.dumps(it["Resource"]) for _, it in project.statements() if "*" in json.dumps(it["Resource"])}
    [identities] = reached - {'"*"'}
    assert "identity/*" in identities


def test_events_are_never_logged() -> None:
    """They contain passwords and tokens (LG-03)."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_LOGGER_LOG_EVENT"] == "false"


def test_with_a_domain_the_generated_address_is_disabled() -> None:
    """And TLS is 1.2 at least (WB-10)."""
    api = resources("AWS::Serverless::HttpApi")["HttpApi"]
    (domain,) = resources("AWS::ApiGatewayV2::DomainName").values()
    assert resolved("DisableExecuteApiEndpoint", api) == "HasDomain: True, else False"
    assert [it["SecurityPolicy"] for it in domain["DomainNameConfigurations"]] == ["TLS_1_2"]


def test_the_firewall_is_in_front_of_the_site() -> None:
    """CloudFront calls the API's domain over TLS, and the site's DNS record points to CloudFront (DS-02)."""
    edge = resources("AWS::CloudFront::Distribution")["Edge"]["DistributionConfig"]
    (origin,) = edge["Origins"]
    assert origin["DomainName"] == {"Fn::GetAtt": ["SiteDomainName", "RegionalDomainName"]}
    assert origin["CustomOriginConfig"] == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    assert (edge["Aliases"], edge["ViewerCertificate"]["MinimumProtocolVersion"]) == (
        [{"Ref": "SiteDomain"}],
        "TLSv1.2_2021",
    )
    assert edge["WebACLId"] == {"Fn::GetAtt": ["EdgeFirewall", "Arn"]}
    assert template()["Outputs"]["SiteTarget"]["Value"]["Fn::If"][:2] == [
        "HasFirewall",
        {"Fn::GetAtt": ["Edge", "DomainName"]},
    ]


def test_cloudfront_forwards_what_the_functions_read() -> None:
    """The secret and the caller's address, in the headers that they read; no caching, no plain HTTP."""
    edge = resources("AWS::CloudFront::Distribution")["Edge"]["DistributionConfig"]
    (told,) = edge["Origins"][0]["OriginCustomHeaders"]
    (policy,) = resources("AWS::CloudFront::OriginRequestPolicy").values()
    headers = policy["OriginRequestPolicyConfig"]["HeadersConfig"]
    assert told["HeaderName"] == FIREWALL_SECRET_HEADER
    assert headers == {"HeaderBehavior": "allViewerAndWhitelistCloudFront", "Headers": ["CloudFront-Viewer-Address"]}
    assert headers["Headers"][0].lower() == VIEWER_HEADER
    behaviour = edge["DefaultCacheBehavior"]
    assert "CacheBehaviors" not in edge
    assert (behaviour["ViewerProtocolPolicy"], behaviour["CachePolicyId"]) == (
        "https-only",
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    )


def test_cloudfront_caches_no_error_response() -> None:
    """By default it caches errors for ten seconds by path alone, despite no-store, for every caller."""
    edge = resources("AWS::CloudFront::Distribution")["Edge"]["DistributionConfig"]
    kept = {answer["ErrorCode"]: answer["ErrorCachingMinTTL"] for answer in edge["CustomErrorResponses"]}
    assert kept == dict.fromkeys((400, 403, 404, 405, 414, 500, 501, 502, 503, 504), 0)
    assert {name for answer in edge["CustomErrorResponses"] for name in answer} == {"ErrorCode", "ErrorCachingMinTTL"}


def test_the_firewall_stops_floods_and_refuses_no_body() -> None:
    """Rules about bodies would refuse passwords with punctuation, so the set that has some only counts."""
    (firewall,) = resources("AWS::WAFv2::WebACL").values()
    kinds = [next(iter(rule["Statement"].items())) for rule in firewall["Rules"]]
    assert [rule["Priority"] for rule in firewall["Rules"]] == [0, 1, 2]
    assert kinds == [
        ("RateBasedStatement", {"AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": 20000}),
        ("ManagedRuleGroupStatement", {"VendorName": "AWS", "Name": "AWSManagedRulesAmazonIpReputationList"}),
        ("ManagedRuleGroupStatement", {"VendorName": "AWS", "Name": "AWSManagedRulesKnownBadInputsRuleSet"}),
    ]
    actions = [rule.get("Action", rule.get("OverrideAction")) for rule in firewall["Rules"]]
    assert actions == [{"Block": {}}, {"None": {}}, {"Count": {}}]


def test_the_access_log_of_cloudfront_has_no_paths_queries_headers_or_cookies() -> None:
    """A damaged link has its token in the path (LG-03)."""
    (log,) = resources("AWS::Logs::Delivery").values()
    assert log["RecordFields"] == [
        "date",
        "time",
        "x-edge-request-id",
        "c-ip",
        "cs-method",
        "sc-status",
        "x-edge-detailed-result-type",
        "time-taken",
    ]


def test_the_access_log_has_no_queries_headers_or_cookies() -> None:
    """Exactly these fields, none of which a caller can write freely (LG-03)."""
    line = json.loads(resources("AWS::Serverless::HttpApi")["HttpApi"]["AccessLogSettings"]["Format"])
    assert line == {
        "time": "$context.requestTime",
        "request_id": "$context.requestId",
        "route": "$context.routeKey",
        "status": "$context.status",
        "source": "$context.identity.sourceIp",
        "latency_ms": "$context.responseLatency",
    }


def test_the_template_is_short_enough_to_be_read() -> None:
    """A template with this many lines or more is too long."""
    lines = (project.ROOT / "template.yaml").read_text(encoding="utf-8").splitlines()
    assert len(lines) < MOST_LINES
    assert max(map(len, lines)) <= LONGEST_LINE


def test_every_region_that_sends_email_knows_every_type() -> None:
    """CloudFormation refuses a template with an unknown type, even under a condition. GovCloud has no CloudFront."""
    types = {it["Type"] for path in TEMPLATES for it in template(path)["Resources"].values()}
    known = {path.stem: set(json.loads(path.read_text())) for path in SCHEMAS.glob("*-*-*.json")}
    lacking = {
        region: sorted(kind for kind in types - has if not kind.startswith("AWS::Serverless::"))
        for region, has in known.items()
        if "AWS::SES::ConfigurationSet" in has and not region.startswith("us-gov-")
    }
    assert len(lacking) > MOST_REGIONS
    assert {region: kinds for region, kinds in lacking.items() if kinds} == {}


def test_tables_with_indexes_are_created_one_at_a_time() -> None:
    """DynamoDB refuses to create two at once."""
    indexed = [name for name, table in TABLES.items() if "GlobalSecondaryIndexes" in table]
    after = [template()["Resources"][name].get("DependsOn") for name in indexed]
    assert after == [None, *indexed[:-1]]


@pytest.mark.parametrize("name", resources("AWS::Serverless::LayerVersion"))
def test_old_versions_of_a_layer_are_deleted(name: str) -> None:
    """Otherwise every deployment leaves 10 MB, under a name that all stacks share."""
    layer = resources("AWS::Serverless::LayerVersion")[name]
    assert layer["RetentionPolicy"] == "Delete"
    assert layer["LayerName"]["Fn::Sub"].startswith("${AWS::StackName}-")


def test_the_gateway_does_not_answer_cors() -> None:
    """Each route answers CORS itself."""
    assert "CorsConfiguration" not in resources("AWS::Serverless::HttpApi")["HttpApi"]


def test_each_timeout_is_shorter_than_its_callers() -> None:
    """DynamoDB's client times out before the function, and the function before the gateway (DS-04)."""
    wait = _longest_wait(1 + tables.RETRIES, tables.CONNECT_TIMEOUT_SECONDS + tables.READ_TIMEOUT_SECONDS)
    others = {"mailer", "client_document", "key_expire"}
    timeouts = {name: function["Timeout"] for name, function in project.functions().items() if name not in others}
    assert {name: it for name, it in timeouts.items() if not wait < it < GATEWAY_SECONDS} == {}


def test_a_document_is_given_up_before_its_function_and_that_before_its_callers() -> None:
    """The function calls nothing else."""
    functions, fetching = project.functions(), clients._CONFIGS["lambda"]
    own = functions["client_document"]["Timeout"]
    callers = [
        functions[name]["Timeout"] for name, it in project.statements() if "lambda:InvokeFunction" in it["Action"]
    ]
    assert len(callers) == 4
    assert CLIENT_DOCUMENT_TOTAL_SECONDS < own < _configured_wait(fetching) < min(callers)


def test_other_services_have_timeouts_as_short() -> None:
    """Secrets Manager and SQS like DynamoDB; a breach list that does not answer must fit in as well."""
    shortest = min(it["Timeout"] for name, it in project.functions().items() if name != "client_document")
    assert _configured_wait(clients._CONFIG) < shortest
    assert BREACH_TIMEOUT.total <= 1.2


def test_the_queue_hides_a_message_longer_than_the_mailer_runs() -> None:
    """Six times the mailer's timeout, as Lambda recommends; the mailer's timeout is longer than SES's."""
    timeout = project.functions()["mailer"]["Timeout"]
    queue = resources("AWS::SQS::Queue")["MailQueue"]
    assert _configured_wait(postman._CONFIG) < timeout
    assert queue["VisibilityTimeout"] == 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_hashing_has_a_whole_vcpu_and_reserved_concurrency() -> None:
    """So that password guessing cannot starve owners who are logged in (DS-01)."""
    roomy = {
        name: (function["MemorySize"], "ReservedConcurrentExecutions" in function)
        for name, function in project.functions().items()
        if function["MemorySize"] >= WHOLE_VCPU_MB or "ReservedConcurrentExecutions" in function
    }
    assert {"login", "signup", "email_verify"} <= HASHING
    assert roomy == dict.fromkeys(HASHING, (WHOLE_VCPU_MB, True))


def test_functions_run_the_python_of_the_project_on_arm() -> None:
    version = (project.ROOT / ".python-version").read_text(encoding="utf-8").strip()
    ran = {(it["Runtime"], it["Handler"], *it["Architectures"]) for it in project.functions().values()}
    assert ran == {(f"python{version}", "handler.lambda_handler", "arm64")}


def _configured_wait(config: Config) -> float:
    return _longest_wait(config.retries["total_max_attempts"], config.connect_timeout + config.read_timeout)


def _longest_wait(tries: int, seconds: float) -> float:
    """All attempts, and botocore's longest pauses between them: 1 s, 2 s, 4 s..."""
    return tries * seconds + sum(2**number for number in range(tries - 1))


def _filled(node: Any) -> bool:
    return any(_filled(value) for value in node.values()) if isinstance(node, dict) else bool(node)


def test_generated_secrets_are_too_long_to_guess() -> None:
    """Letters and digits only, which need no escaping in shells and headers."""
    generated = {
        name: it["GenerateSecretString"]
        for name, it in resources("AWS::SecretsManager::Secret").items()
        if "GenerateSecretString" in it
    }
    assert {name: (it["PasswordLength"], it["ExcludePunctuation"]) for name, it in generated.items()} == {
        "PepperSecret": (64, True),
        "AdminSecret": (48, True),
        "ProofSecret": (48, True),
    }


@pytest.mark.parametrize("name", ["DataKey", "SigningKeyA", "SigningKeyB", "PepperSecret"])
def test_what_cannot_be_recreated_is_retained(name: str) -> None:
    """Without them the retained tables are useless."""
    resource = template()["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


# Of an AWS account and region, unless it is new.
DEFAULT_CONCURRENCY = 1000
# A hash on Lambda's whole vCPU, and the calls around it.
HASH_MILLISECONDS = 400
# Each computes a bcrypt hash.
HASHING = {"signup", "email_verify", "login", "reauthenticate", "password_set", "password_change", "password_reset"}


def test_the_functions_that_hash_are_known() -> None:
    """They are those whose deployment makes a hasher."""
    assert {name for name in project.FOLDERS if "PEPPER_SECRET" in project.settings_read(name)} == HASHING


def test_the_gateway_throttles_routes_that_hash_email_or_sign() -> None:
    """All routes together, and more strictly those that cost a hash, an email or a signature (DS-02)."""
    api = resources("AWS::Serverless::HttpApi")["HttpApi"]
    costly = [it for it in ROUTES if it.function in HASHING or {"mail", "email-change"} & set(it.limiters)]
    settings = api["RouteSettings"].items()
    limits = {route: (it["ThrottlingRateLimit"], it["ThrottlingBurstLimit"]) for route, it in settings}
    assert api["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 2000, "ThrottlingRateLimit": 1000}
    assert limits.pop("POST /oauth/token") == (200, 400)
    assert set(limits) == {f"{it.method} {it.path}" for it in costly}
    assert limits.pop("POST /auth/login") == (300, 600)
    assert set(limits.values()) == {(100, 200)}


def test_the_documented_throttles_are_the_templates_and_fit_an_aws_account() -> None:
    """``docs/deploy.md`` has the functions at once and the costs: recompute them when a throttle changes (DS-02)."""
    api = resources("AWS::Serverless::HttpApi")["HttpApi"]
    settings = {f"`{route}`": it for route, it in api["RouteSettings"].items()}
    settings["all others together"] = api["DefaultRouteSettings"]
    page = (project.ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = page.partition("## Throttles and the worst hour")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    documented = {row[0]: row[1] for row in rows[2:]}

    assert documented == {
        route: f"{it['ThrottlingRateLimit']}, {it['ThrottlingBurstLimit']}" for route, it in settings.items()
    }
    assert sum(int(row[2]) for row in rows[2:]) < DEFAULT_CONCURRENCY
    for route, name in ((f"`{it.method} {it.path}`", it.function) for it in ROUTES if it.function in HASHING):
        rate = settings[route]["ThrottlingRateLimit"]
        at_once = next(int(row[2]) for row in rows if row[0] == route)
        assert (name, at_once) == (name, rate * HASH_MILLISECONDS // 1000)


def test_conditions_mean_what_their_names_say() -> None:
    """And the environment follows them: without its secret, callers could bypass the firewall."""
    conditions, variables = template()["Conditions"], template()["Globals"]["Function"]["Environment"]["Variables"]
    assert conditions["HasDomain"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "SiteDomain"}, ""]}]}
    assert conditions["HasFirewall"] == {"Fn::Equals": [{"Ref": "Firewall"}, "on"]}
    assert variables["FIREWALL_SECRET_DIGESTS"] == {"Fn::If": ["HasFirewall", {"Ref": "FirewallSecretDigests"}, ""]}
    assert variables["POWERTOOLS_LOG_LEVEL"] == "INFO"
    assert template()["Parameters"]["LogRetentionDays"]["Default"] == 90
