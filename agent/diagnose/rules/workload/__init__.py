"""Controllers: replicas, rollouts, Jobs, autoscalers, budgets."""
