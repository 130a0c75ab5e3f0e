"""The DynamoDB edge: one pynamodb model and one module per table, and the transactions across them."""
