"""What a page may ask for when it restarts ICE (RFC 8445 section 9): nothing but other credentials. Pure.

The whole offer of a browser (RFC 8829) and the fragment of WHIP (RFC 8840, RFC 9725 section 4.3.3) are both taken.
"""

from __future__ import annotations

from conferencing.media.offer import OFFER_LIMIT, Offer, SdpError, parse_offer


def check_restart(text: str, first: Offer) -> None:
    """Raises SdpError when more than ICE would change, or when the credentials are those of before."""
    if text.startswith("v=0"):
        offer = parse_offer(text)
        if set(offer.fingerprints) != set(first.fingerprints):
            raise SdpError("another DTLS fingerprint: this is a new connection, not an ICE restart")
        if [(s.mid, s.kind) for s in offer.sections] != [(s.mid, s.kind) for s in first.sections]:
            raise SdpError("other media sections than before")
        ufrag = offer.ufrag
    else:
        ufrag = _fragment_value(text, "ice-ufrag")
        _fragment_value(text, "ice-pwd")
    if ufrag == first.ufrag:
        raise SdpError("the ICE credentials are those of before")


def _fragment_value(text: str, name: str) -> str:
    if len(text) > OFFER_LIMIT:
        raise SdpError(f"longer than {OFFER_LIMIT} characters")
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith(f"a={name}:") and 4 <= len(line) - len(name) - 3 <= 256:
            return line[len(name) + 3 :]
    raise SdpError(f"without a usable {name}")
