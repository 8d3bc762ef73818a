"""The on-call bridge: from Alertmanager's webhook to whoever takes the trouble, and the notice of its end."""
