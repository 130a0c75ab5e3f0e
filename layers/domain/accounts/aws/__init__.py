"""The edge to AWS services other than DynamoDB: secrets, the email queue, signing keys."""
