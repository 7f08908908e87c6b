"""How we reach the outside: connectors, ECS, DynamoDB, queues, secrets."""
