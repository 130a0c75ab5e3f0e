"""The email edge: templates and SES."""
