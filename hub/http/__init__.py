"""The hub's own routes and manners on HTTP: sign-in, board, /metrics, security headers, problem documents."""
