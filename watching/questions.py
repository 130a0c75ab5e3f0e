"""The four questions, each with what good looks like, in the words of the dashboard itself (Markdown)."""

GETTING_IN = """\
# Are people getting in?
**Good:** those who get in follow the hours of the day, and most passwords are right at once.
**Look closer:** one method falls to nothing while the others go on (its provider is down, or its secret has expired);
sign-ups are asked for and none is finished (mail does not arrive); tokens are no longer renewed (programs lose their
sign-in). Whoever comes with Google or GitHub for the first time counts as signed in."""

HEALTHY = """\
# Is it healthy?
**Good:** no 5xx, errors, throttles or dead letters; half of all answers within 100 ms, 99 of 100 within 2 s (a log-in
hashes a password, which takes 300 ms by itself); mail waits a minute at most.
**Look closer:** any of these for more than five minutes. *Errors by function* says where, the saved query *our own
faults* why. SES reviews whoever has 5 % bounces or 0.1 % complaints."""

UNDER_ATTACK = """\
# Is it under attack?
**Good:** a few failures a minute, in step with those who get in; now and then a limit.
**Look closer:** failures rise and sign-ins do not (somebody guesses passwords: the saved query *failed sign-ins by
source* says from where); tokens come twice (somebody copies them); the admin secret is wrong. The limits hold
meanwhile, and nobody is locked out: docs/watching.md says what is left to do."""

COST = """\
# What does it cost?
**Good:** all lines follow the number of requests.
**Look closer:** one rises alone. Lambda: something is slow. DynamoDB: a table is read more than it should be. Log:
something writes too much. List prices of us-east-1 without the free tier; watching itself costs what docs/watching.md
says. The bill is shown once the AWS account has billing alerts turned on."""
