"""Made-up values for the samples' placeholders. Tests and benchmarks write what they name into emulated tables."""

import json

VALUES = {
    "account_id": "SampleAccountOfEventsFolder1",
    "account_id_with_second_factor": "SampleAccountOfEventsFolder1",
    "admin_secret": "sample-admin-secret-of-the-events-folder-0000000",
    "api_key": "comfyui-SampleKeyOfTheEventsFolderSampleKeyOfTheEventsFolderSample4SweGG",
    "api_key_id": "1fd12cc99d88d1e8c97f52e9cb7913743e2a5903b5af940d124fbcf8aafa2dae",
    "authorization_code": "sample-authorization-code-of-events-folder0",
    "change_token": "sample-change-token-of-the-events-folder-00",
    "disabled_account_id": "SampleAccountOfEventsFolder1",
    "email": "person@example.com",
    "identity_id": "734f6ee6d1851690a92695ceeec323c83990fa1d0d0516d8d021fba3f498eed0",
    "known_browser": "sample-device-token-of-the-events-folder-00",
    "mail_feedback_topic": "arn:aws:sns:us-east-1:123456789012:MailFeedbackTopic",
    "new_email": "newcomer@example.com",
    "newcomer_email": "newcomer@example.com",
    "next_email": "moved@example.com",
    "other_session_id": "a04b7759303222cfa2dca5e4448b91cf2ac66b21cd330ccd46b2eb43d3ff25dc",
    "passkey_id": "4fa25818518ff4106f9b4257f515bff0f4aa58e49d7467596af471ded643a2df",
    "password": "sample passphrase of the events folder",
    "proof_browser": "sample-oauth-browser-of-the-events-folder-0",
    "proof_state_id": "b80724f0",
    "proof_token": "sample-provider-proof-token-of-the-events-0",
    "pending_login": "sample-pending-login-of-the-events-folder-0",
    "provider_browser": "sample-oauth-browser-of-the-events-folder-0",
    "provider_code": "sample-code",
    "provider_state": "sample-oauth-state-of-the-events-folder-000",
    "provider_state_id": "b80724f0",
    "recovery_code": "0123-4567-89ab-cdef-ghjk-mnpq",
    "refresh_token": "sample-refresh-token-of-the-events-folder-0.sample-refresh-token-of-the-events-folder-1",
    "reset_token": "sample-reset-token-of-the-events-folder-000",
    "scanner_key": "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c",
    "session": "sample-session-token-of-the-events-folder-0",
    "session_with_passkeys": "sample-session-token-of-the-events-folder-0",
    "session_with_second_factor": "sample-session-token-of-the-events-folder-0",
    "session_without_password": "sample-session-token-of-the-events-folder-0",
    "user_code": "smpl-cdxx",
    "verification_token": "sample-confirmation-token-of-events-folder0",
}

# GitHub's list while it documented the sample of a report, which this key signed.
SCANNER_KEYS = json.dumps(
    {
        "public_keys": [
            {
                "key_identifier": VALUES["scanner_key"],
                "key": (
                    "-----BEGIN PUBLIC KEY-----\n"
                    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n"
                    "AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n"
                    "-----END PUBLIC KEY-----\n"
                ),
                "is_current": True,
            }
        ]
    }
)
