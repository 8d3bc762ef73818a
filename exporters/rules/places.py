"""Alerts about places: a site, all sites of a provider or an area, all sites at once."""
# ruff: noqa: E501 - a table of texts: one alert reads best with each pair of sentences on one line

from __future__ import annotations

from exporters.rules.rule import PROVIDER, Alert, Example, Group, Text

_FIVE_SITES = {
    f'thongsuot_line_info{{site="xa-{one}",line="xa-{one}-1",provider="{provider}",area="Vĩnh Tường"}}': "1x40"
    for one, provider in zip("abcdef", ("VNPT", "VNPT", "VNPT", "VNPT", "Viettel", "Viettel"), strict=True)
} | {
    f'thongsuot_site_info{{site="xa-{one}",name="Xã {one}",unit="{one}",area="Vĩnh Tường"}}': "1x40"
    for one in "abcdef"
}
_TWO_AREAS = _FIVE_SITES | {
    'thongsuot_site_info{site="yl-a",name="Yên Lạc",unit="YL",area="Yên Lạc"}': "1x40",
    'thongsuot_node_up{site="yl-a",node="n-yl"}': "1x40",
}


def _lost(sites: str) -> dict[str, str]:
    return {
        f'thongsuot_line_state{{site="xa-{one}",line="xa-{one}-1",state="no_data"}}': "1x40"
        if one in sites
        else "0x40"
        for one in "abcdef"
    } | {f'thongsuot_node_up{{site="xa-{one}",node="n-{one}"}}': "0x40" if one in sites else "1x40" for one in "abcdef"}  # fmt: skip


GROUP = Group(
    "places",
    "15s",
    alerts=(
        Alert(
            name="SiteDown",
            # Labels for inhibition: the area where it is known, the provider where all lines are of one.
            expr=(
                "((site:thongsuot_node_up:max == 0) + on (site) group_left (provider, area) 0 * ("
                "site:thongsuot_line_provider:info * on (site) group_left (area) max by (site, area) (thongsuot_site_info))) "
                "or on (site) ((site:thongsuot_node_up:max == 0) + on (site) group_left (provider) 0 * "
                "site:thongsuot_line_provider:info) "
                "or on (site) ((site:thongsuot_node_up:max == 0) + on (site) group_left (area) 0 * "
                "max by (site, area) (thongsuot_site_info)) or on (site) (site:thongsuot_node_up:max == 0)"
            ),
            hold="3m",
            severity="critical",
            scope="site",
            summary=Text("Mất tín hiệu toàn bộ địa điểm {{ $labels.site }}", "Nothing is heard from site {{ $labels.site }}"),
            meaning=Text(
                "Không điểm giám sát nào của địa điểm gửi được số liệu quá 3 phút: mất đường truyền, mất điện, hoặc máy tắt.",
                "No node of the site has been heard for 3 minutes: its line or its power is gone, or the machine is off.",
            ),
            causes=Text("Đường truyền đứt, mất điện, máy tính giám sát bị tắt.", "The line is cut, a power cut, the machine is switched off."),
            steps=(
                Text("Gọi địa điểm: có điện không, máy có bật không, Internet có vào được không.", "Telephone the site: power, machine, Internet?"),
                Text("Có điện mà không có Internet: xem đèn modem, báo nhà mạng.", "Power but no Internet: look at the modem, call the provider."),
            ),
            call=PROVIDER,
            fires=Example(_FIVE_SITES | _lost("a"), labels={"site": "xa-a", "provider": "VNPT", "area": "Vĩnh Tường"}),
            quiet=Example(
                {'thongsuot_node_up{site="xa-a",node="n-1"}': "0x40", 'thongsuot_node_up{site="xa-a",node="n-2"}': "1x40"}
            ),
        ),
        Alert(
            name="ProviderDown",
            expr=(
                "provider:thongsuot_sites_lost:count >= 3 "
                "and provider:thongsuot_sites_lost:count > 0.5 * provider:thongsuot_sites:count"
            ),
            hold="2m",
            severity="critical",
            scope="provider",
            summary=Text(
                "Nhà mạng {{ $labels.provider }}: {{ $value }} địa điểm cùng mất kết nối",
                "Provider {{ $labels.provider }}: {{ $value }} sites are lost at once",
            ),
            meaning=Text(
                "Quá nửa số địa điểm của một nhà mạng (ít nhất 3) mất cùng lúc: lỗi ở nhà mạng, không ở từng xã.",
                "More than half of a provider's sites (at least 3) are lost at once: the fault is the provider's.",
            ),
            causes=Text("Sự cố mạng trục, trạm OLT hoặc tuyến cáp của nhà mạng.", "A fault of the provider's backbone, OLT or cable."),
            steps=(
                Text("Báo nhà mạng một lần cho tất cả địa điểm, lấy mã sự cố.", "Report once for all sites; note the ticket number."),
                Text("Báo lãnh đạo nếu sắp có họp; dùng đường dự phòng.", "Tell the leader if a meeting is near; use backup lines."),
            ),
            call=Text("Đầu mối khách hàng lớn của nhà mạng.", "The provider's contact for large customers."),
            fires=Example(_FIVE_SITES | _lost("abc"), labels={"provider": "VNPT"}),
            quiet=Example(_FIVE_SITES | _lost("ab")),
        ),
        Alert(
            name="AreaDown",
            # With one area only it would say no more than UpstreamDown.
            expr=(
                "(area:thongsuot_sites_lost:count >= 3 "
                "and area:thongsuot_sites_lost:count > 0.5 * area:thongsuot_sites:count) "
                "and on () count(area:thongsuot_sites:count) > 1"
            ),
            hold="2m",
            severity="critical",
            scope="area",
            summary=Text(
                "Khu vực {{ $labels.area }}: {{ $value }} địa điểm cùng mất kết nối",
                "Area {{ $labels.area }}: {{ $value }} sites are lost at once",
            ),
            meaning=Text(
                "Quá nửa số địa điểm của một khu vực (ít nhất 3) mất cùng lúc: mất điện hoặc đứt cáp cả vùng.",
                "More than half of an area's sites (at least 3) are lost at once: a power cut or a cut cable there.",
            ),
            causes=Text("Mất điện khu vực, đứt cáp trục, bão lũ.", "A power cut of the area, a cut trunk cable, a storm."),
            steps=(
                Text("Gọi một, hai địa điểm: có điện không.", "Telephone one or two sites: is there power?"),
                Text("Có điện: báo nhà mạng về sự cố cả vùng; mất điện: gọi điện lực.", "Power: report an outage of the area to the provider; none: call the electricity company."),
            ),
            call=Text("Đầu mối của khu vực và nhà mạng.", "The area's contact and the provider."),
            fires=Example(_TWO_AREAS | _lost("abcd"), labels={"area": "Vĩnh Tường"}),
            quiet=Example(_TWO_AREAS | _lost("abc")),
        ),
        Alert(
            name="UpstreamDown",
            expr=(
                "count(site:thongsuot_node_up:max == 0) >= 5 "
                "and count(site:thongsuot_node_up:max == 0) > 0.6 * count(site:thongsuot_node_up:max)"
            ),
            hold="2m",
            severity="critical",
            scope="upstream",
            summary=Text("{{ $value }} địa điểm cùng mất tín hiệu", "{{ $value }} sites are not heard at once"),
            meaning=Text(
                "Hơn 60 % địa điểm (ít nhất 5) mất cùng lúc, nhiều nhà mạng: thường là đường truyền của chính trung tâm.",
                "More than 60 % of the sites (at least 5) are lost at once: mostly it is the centre's own line.",
            ),
            causes=Text("Đường truyền, tường lửa hoặc tên miền của trung tâm.", "The centre's line, firewall or domain name."),
            steps=(
                Text("Từ máy ngoài mạng, thử mở địa chỉ trung tâm.", "Open the hub's address from outside."),
                Text("Kiểm tra đường truyền, tường lửa, chứng chỉ của trung tâm.", "Check the centre's line, firewall and certificate."),
            ),
            call=Text("Quản trị viên trung tâm điều hành và nhà mạng của trung tâm.", "The centre's administrator and its provider."),
            fires=Example(_FIVE_SITES | _lost("abcde")),
            quiet=Example(_FIVE_SITES | _lost("abcd")),
        ),
    ),
)  # fmt: skip
