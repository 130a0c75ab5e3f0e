"""The dashboard: four questions, each with what good looks like beside the lines that answer it."""

from watching import questions
from watching.stack import Function, Stack, words
from watching.widgets import (
    API,
    HOUR,
    MINUTE,
    Json,
    Line,
    Widget,
    computed,
    event,
    graph,
    log_table,
    numbers,
    of_aws,
    placed,
    text,
)

# The list prices of us-east-1 in dollars: Lambda on arm64 for a GB-second and a request, the HTTP API for a request,
# DynamoDB on demand for a read and a write unit, CloudWatch Logs for a byte.
GB_SECOND, INVOCATION, API_REQUEST = 0.0000133334, 0.0000002, 0.000001
READ_UNIT, WRITE_UNIT, LOG_BYTE = 0.000000125, 0.000000625, 0.5 / 2**30
_MB_OF_A_GB = 1024
# Lambda writes it for each function's cold start, whatever the function says itself.
COLD_STARTS = (
    "filter @message like /Init Duration/"
    " | parse @message /Init Duration: (?<init_ms>[0-9.]+) ms/"
    " | parse @logStream /(?<deployed>[A-Za-z0-9-]+)\\[/"
    " | stats count(*) as cold_starts, pct(init_ms, 50) as p50_ms, pct(init_ms, 99) as p99_ms by deployed"
    " | sort cold_starts desc"
)


def body(stack: Stack) -> Json:
    """The dashboard's body, with what Fn::Sub fills in."""
    rows = (_at_a_glance(), *_getting_in(), *_healthy(stack), *_under_attack(), *_cost(stack))
    return {"start": "-PT12H", "periodOverride": "inherit", "widgets": placed(rows)}


def _at_a_glance() -> Widget:
    """The one line that somebody reads who has no time."""
    return numbers(
        "Altogether, in the time that is shown",
        event("authn_login_success", "password", "password", id="came0", visible=False),
        event("authn_login_success", "Google", "google", id="came1", visible=False),
        event("authn_login_success", "GitHub", "github", id="came2", visible=False),
        event("authn_login_fail", "wrong", id="wrong", visible=False),
        computed('SUM(METRICS("came"))', "signed in", id="people"),
        computed("100 * came0 / (came0 + wrong)", "passwords right, in %", id="share"),
        event("email_verified", "sign-ups finished"),
        _api("5xx", "answers that were errors of ours"),
        event("excess_rate_limit_exceeded", "limits reached"),
        event("authn_token_reuse", "tokens that came twice"),
    )


def _getting_in() -> tuple[Widget, ...]:
    return (
        text(questions.GETTING_IN),
        graph(
            "Signed in, by method",
            event("authn_login_success", "password", "password"),
            event("authn_login_success", "Google", "google"),
            event("authn_login_success", "GitHub", "github"),
            event("authn_token_issued", "program, in the browser", "authorization_code"),
            event("authn_token_issued", "program, by a code", "device_code"),
        ),
        graph(
            "Did not get in, by method",
            event("authn_login_fail", "password wrong"),
            event("authn_provider_fail", "Google stopped", "google"),
            event("authn_provider_fail", "GitHub stopped", "github"),
            event("authn_token_invalid", "link or code not valid"),
        ),
        graph(
            "Sign-ups and new passwords",
            event("user_created", "sign-up asked for"),
            event("email_verified", "sign-up finished"),
            event("authn_password_reset_requested", "new password asked for"),
            event("authn_password_change", "new password set", "reset"),
        ),
        graph(
            "API keys",
            event("authn_token_created", "made"),
            event("user_shown", "used here", "api_key"),
            event("authz_granted", "used with the authorizer", "api_key"),
            event("authn_token_verified", "asked about by a service"),
            width=12,
        ),
        graph(
            "Programs",
            event("authn_token_issued", "tokens renewed", "refresh_token"),
            event("authn_device_asks", "asked to be let in by a code"),
            width=12,
        ),
    )


def _healthy(stack: Stack) -> tuple[Widget, ...]:
    return (
        text(questions.HEALTHY),
        graph("Answers", *(_api(name, label) for name, label in (("Count", "all"), ("4xx", "4xx"), ("5xx", "5xx")))),
        graph("Time to answer, in ms", _api("Latency", "half", stat="p50"), _api("Latency", "99 of 100"), stat="p99"),
        graph(
            "Faults of ours, by cause",
            event("sys_error", "a defect"),
            event("sys_unavailable", "DynamoDB, a secret or the queue"),
            event("sys_signing_unavailable", "keys that sign (KMS)"),
            event("sys_provider_unavailable", "Google or GitHub"),
            event("sys_mail_unavailable", "mail not queued"),
            event("sys_dependency_failed", "went on without"),
        ),
        graph("Errors by function", *_each(stack, "Errors"), width=12, height=9),
        graph("Throttles by function", *_each(stack, "Throttles"), width=12, height=9),
        graph("Slowest of 100 by function, in ms", *_each(stack, "Duration"), width=12, height=9, stat="p99"),
        log_table("Cold starts by function", COLD_STARTS, width=12, height=9),
        graph(
            "Tables that throttle",
            *(_table(name, "ReadThrottleEvents", f"{words(name)}: reads") for name in stack.tables),
            *(_table(name, "WriteThrottleEvents", f"{words(name)}: writes") for name in stack.tables),
        ),
        graph(
            "Mail",
            event("mail_sent", "sent"),
            event("mail_failed", "to be tried again"),
            event("mail_bounced", "bounced"),
            event("mail_complained", "called spam"),
        ),
        graph(
            "Mail that waits",
            _queue("MailQueue", "ApproximateAgeOfOldestMessage", "the oldest, in seconds"),
            _queue("MailDeadLetterQueue", "ApproximateNumberOfMessagesVisible", "given up: dead letters"),
            stat="Maximum",
        ),
    )


def _under_attack() -> tuple[Widget, ...]:
    return (
        text(questions.UNDER_ATTACK),
        graph(
            "Failures a minute",
            event("authn_login_fail", "password wrong"),
            event("authz_fail", "no valid credential"),
            event("authn_token_invalid", "link or code not valid"),
            period=MINUTE,
        ),
        graph(
            "Limits and copies",
            event("excess_rate_limit_exceeded", "limits reached"),
            event("authn_token_reuse", "tokens that came twice"),
            event("authz_fail_admin", "wrong admin secret"),
        ),
        graph(
            "Refused for where they come from",
            event("malicious_cors", "origins that are on no list"),
            event("malicious_csrf", "other sites calling"),
            event("malicious_redirect", "answers to a wrong address"),
            event("authn_provider_forged", "provider's answer not genuine"),
        ),
    )


def _cost(stack: Stack) -> tuple[Widget, ...]:
    return (
        text(questions.COST),
        graph("Dollars an hour", *_dollars(stack), period=HOUR, width=12),
        graph("DynamoDB, units an hour", *_units(stack), period=HOUR, width=6),
        graph(
            "The bill so far this month, in dollars",
            of_aws("Billing", "EstimatedCharges", "Currency", "USD", label="whole AWS account"),
            width=6,
            # Billing is told there alone.
            region="us-east-1",
            period=6 * HOUR,
            stat="Maximum",
        ),
    )


def _api(name: str, label: str, **more: str) -> Line:
    return of_aws("ApiGateway", name, *API, label=label, **more)


def _each(stack: Stack, name: str) -> list[Line]:
    return [_of(function, name, label=function.folder) for function in stack.functions]


def _of(function: Function, name: str, **more: object) -> Line:
    return of_aws("Lambda", name, "FunctionName", f"${{{function.logical_id}}}", **more)


def _table(table: str, name: str, label: str, **more: object) -> Line:
    return of_aws("DynamoDB", name, "TableName", f"${{{table}}}", label=label, **more)


def _queue(queue: str, name: str, label: str) -> Line:
    return of_aws("SQS", name, "QueueName", f"${{{queue}.QueueName}}", label=label)


def _dollars(stack: Stack) -> list[Line]:
    """Each kind of memory has a price of its own; ids begin with what they are summed up by."""
    memories = sorted({function.memory_mb for function in stack.functions})
    lines = [
        line
        for number, it in enumerate(stack.functions)
        for line in (
            _of(it, "Duration", id=f"ms{it.memory_mb}x{number}", visible=False),
            _of(it, "Invocations", id=f"calls{number}", visible=False),
        )
    ]
    lines += _consumed(stack, "Read", "reads") + _consumed(stack, "Write", "writes")
    lines += [of_aws("ApiGateway", "Count", *API, **_hidden("requests"))]
    lines += [of_aws("Logs", "IncomingBytes", "LogGroupName", "${FunctionsLogGroup}", **_hidden("bytes"))]
    seconds = " + ".join(f'SUM(METRICS("ms{mb}x")) * {mb / _MB_OF_A_GB / 1000 * GB_SECOND:.3g}' for mb in memories)
    return [
        *lines,
        computed(f'{seconds} + SUM(METRICS("calls")) * {INVOCATION:.3g}', "Lambda", id="lambda"),
        computed(
            f'SUM(METRICS("reads")) * {READ_UNIT:.3g} + SUM(METRICS("writes")) * {WRITE_UNIT:.3g}',
            "DynamoDB",
            id="dynamodb",
        ),
        computed(f"requests * {API_REQUEST:.3g}", "API", id="api"),
        computed(f"bytes * {LOG_BYTE:.3g}", "the functions' log", id="logs"),
    ]


def _units(stack: Stack) -> list[Line]:
    return [
        *_consumed(stack, "Read", "reads"),
        *_consumed(stack, "Write", "writes"),
        computed('SUM(METRICS("reads"))', "read", id="read"),
        computed('SUM(METRICS("writes"))', "written", id="written"),
    ]


def _consumed(stack: Stack, way: str, prefix: str) -> list[Line]:
    named = enumerate(stack.tables)
    name = f"Consumed{way}CapacityUnits"
    return [_table(table, name, words(table), id=f"{prefix}{at}", visible=False) for at, table in named]


def _hidden(name: str) -> dict[str, object]:
    return {"id": name, "visible": False}
