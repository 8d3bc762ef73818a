"""WHIP (RFC 9725) in and WHEP (draft-ietf-wish-whep) out: encoders and second screens, on the port of the worker."""
