"""The mail edge: templates and SES."""
