"""The edge to AWS's other services: secrets and the mail queue. Botocore clients, made once, short time-outs."""
