"""The edge to Google and GitHub, through authlib; the only place that imports it or its HTTP client."""
