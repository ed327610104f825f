"""What autoscalers do, why, and what they would do: the HorizontalPodAutoscaler controller's own rules, on one look."""
