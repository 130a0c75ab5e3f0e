"""Reset the second factor of an owner who lost it: in 24 hours, unless the owner cancels it."""

import argparse

from scripts.admin import report
from scripts.admin.people import Operator
from scripts.admin.terminal import Commands, command
from scripts.place import Place

_REQUESTED = "Requested. The owner is emailed and can cancel it."
_REPEATED = "Already requested: the time does not change."
_EFFECT = (
    "From {reset_at}, for a week, the next login with the password or a provider turns two-step login off, removes all "
    "passkeys and logs out everywhere else. A login with a code, a recovery code or a passkey cancels the reset."
)
_UNDELIVERABLE = "WARNING: {problem}: the owner gets no email. Warn them in another way, or cancel with --cancel."


def add_to(commands: Commands, who: str) -> None:
    says = "reset the second factor of an owner who lost it, after 24 hours"
    one = command(commands, "reset-second-factor", says, _reset)
    one.add_argument("who", help=who)
    one.add_argument("--cancel", action="store_true", help="cancel the reset that was requested")


def _reset(asked: argparse.Namespace, there: Place) -> None:
    operator = Operator(there)
    found = operator.find(asked.who)
    print(report.title(found))
    if asked.cancel:
        answer = operator.act("OperatorFactorReset", found, cancel="yes")
        print(
            "Cancelled. The owner is emailed." if answer["cancelled"] else "Nothing was changed: no reset is requested."
        )
        return
    answer = operator.act("OperatorFactorReset", found)
    print(_REQUESTED if answer["requested"] else _REPEATED)
    print(_EFFECT.format(reset_at=answer["reset_at"]))
    if problem := found["account"]["mail_problem"]:
        print(_UNDELIVERABLE.format(problem=problem))
