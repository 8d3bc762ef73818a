"""The on-call bridge: from Alertmanager's webhook to a person who has taken the trouble, and the notice of its end."""
