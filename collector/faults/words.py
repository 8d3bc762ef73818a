"""The evidence in words, Vietnamese and English, with counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collector.faults.evidence import LOSSY_RATIO, FaultEvidence, Hop, Neighbours

Words = tuple[str, str]
"""Vietnamese, English."""


def sentence(parts: Iterable[Words]) -> dict[str, str]:
    """Parts joined, the first letter a capital."""
    found = list(parts)
    texts = {language: ", ".join(part[index] for part in found) for index, language in enumerate(("vi", "en"))}
    return {language: text[:1].upper() + text[1:] for language, text in texts.items()}


def evidence(one: FaultEvidence) -> Iterator[Words]:
    """All that is known, from the machine outwards."""
    yield from _power(one)
    yield from _hop(one.gateway, "cổng mạng", "the gateway")
    yield from _hop(one.first_hop, "chặng đầu nhà mạng", "the provider's first hop")
    yield from _hop(one.hub, "máy chủ trung tâm", "the hub")
    if one.wan_up is not None:
        yield (
            ("bộ định tuyến báo cổng WAN hoạt động", "the router says its WAN is up")
            if one.wan_up
            else ("bộ định tuyến báo cổng WAN bị ngắt", "the router says its WAN is down")
        )
    yield from _neighbours(one.same_provider, "xã cùng nhà mạng", "sites of the same provider")
    if one.same_area not in (one.same_provider, one.everywhere):
        yield from _neighbours(one.same_area, "xã cùng khu vực", "sites of the same area")
    if one.everywhere != one.same_provider:
        yield from _neighbours(one.everywhere, "xã khác", "other sites")


def _power(one: FaultEvidence) -> Iterator[Words]:
    if one.on_battery:
        yield "bộ lưu điện đang chạy ắc quy", "the UPS was on battery"
    if one.last_gasp:
        yield (
            "máy báo tắt nguồn trước khi im lặng",
            f"the machine announced its end before the silence ({one.last_gasp})",
        )
    if one.state != "no_data":
        return
    if one.stopped:
        yield "bộ giám sát được dừng trên máy", "the agent was stopped on the machine"
    if one.sampled:
        yield "máy vẫn gửi số liệu khác nhưng không đo đường truyền", "the machine sent other samples but no line's"
    elif one.ended:
        if one.booted:
            yield (
                "máy không lấy mẫu và khởi động lại sau lần cuối liên lạc",
                "nothing was sampled, and it booted later than last heard",
            )
        elif one.booted is False:
            yield (
                "máy không tắt nhưng bộ giám sát không lấy mẫu",
                "the machine did not reboot, yet nothing was sampled",
            )
        else:
            yield "không có mẫu nào trong thời gian đó", "nothing was sampled meanwhile"
    else:
        yield "điểm giám sát im lặng", "the node is silent"
    if one.mates:
        yield (
            f"{one.mates} máy khác ở cùng địa điểm vẫn gửi số liệu",
            f"{one.mates} other machines of the site are heard",
        )


def _hop(hop: Hop | None, vietnamese: str, english: str) -> Iterator[Words]:
    if hop is None or hop.sent == 0:
        return
    if hop.gone:
        yield f"{vietnamese} không trả lời", f"{english} does not answer"
    elif hop.loss > LOSSY_RATIO:
        percent = f"{100 * hop.loss:.0f}"
        yield f"{vietnamese} mất {percent} % gói", f"{english} loses {percent} %"
    else:
        yield f"{vietnamese} trả lời", f"{english} answers"


def _neighbours(some: Neighbours, vietnamese: str, english: str) -> Iterator[Words]:
    if some.known:
        yield (
            f"{some.normal}/{some.known} {vietnamese} bình thường",
            f"{some.normal} of {some.known} {english} are normal",
        )
