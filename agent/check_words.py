"""What `check` says, in Vietnamese and English: the finding, and what to do where it is a bad one."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "folder_good": {
        "vi": "Thư mục {path}: ghi được; {samples} mẫu đang chờ gửi",
        "en": "Folder {path}: writable; {samples} samples wait to be delivered",
    },
    "folder_empty": {
        "vi": "Thư mục {path}: ghi được; chưa có hàng đợi",
        "en": "Folder {path}: writable; no queue yet",
    },
    "folder_bad": {
        "vi": "Thư mục {path}: không ghi được. Cấp quyền cho người dùng chạy chương trình, hoặc chọn --state khác",
        "en": "Folder {path}: not writable. Give it to the user who runs the agent, or name another with --state",
    },
    "queue_bad": {
        "vi": "Hàng đợi {path}: không đọc được ({error}). Kiểm tra ổ đĩa",
        "en": "Queue {path}: cannot be read ({error}). Look at the disk",
    },
    "enrolled": {
        "vi": "Đã ghi danh: máy {node}, điểm cầu {site}",
        "en": "Enrolled: node {node}, site {site}",
    },
    "token_waits": {
        "vi": "Chưa ghi danh; mã trong {path} sẽ được dùng khi chạy",
        "en": "Not enrolled yet; the token in {path} will be used by run",
    },
    "not_enrolled": {
        "vi": "Chưa ghi danh. Chạy: thongsuot-agent enrol --hub URL --token MÃ",
        "en": "Not enrolled. Run: thongsuot-agent enrol --hub URL --token TOKEN",
    },
    "name_good": {"vi": "Tên {host}: địa chỉ {address}", "en": "Name {host}: address {address}"},
    "name_bad": {
        "vi": "Tên {host}: không phân giải được ({error}). Kiểm tra DNS và đường truyền",
        "en": "Name {host}: cannot be resolved ({error}). Look at the DNS server and the line",
    },
    "port_good": {
        "vi": "Cổng TCP {port}: mở, {milliseconds} ms",
        "en": "TCP port {port}: open, {milliseconds} ms",
    },
    "port_bad": {
        "vi": "Cổng TCP {port} của {host}: không kết nối được ({error}). Kiểm tra tường lửa và máy chủ",
        "en": "TCP port {port} of {host}: no connection ({error}). Look at the firewall and at the hub",
    },
    "certificate_good": {
        "vi": "Chứng chỉ: đúng, còn {days} ngày, gốc {fingerprint}",
        "en": "Certificate: right, {days} days left, authority {fingerprint}",
    },
    "certificate_soon": {
        "vi": "Chứng chỉ: đúng nhưng chỉ còn {days} ngày, gốc {fingerprint}. Gia hạn trên máy chủ",
        "en": "Certificate: right, but only {days} days left, authority {fingerprint}. Renew it on the hub",
    },
    "certificate_bad": {
        "vi": "Chứng chỉ: máy này không tin ({error}). Nếu máy chủ đã cài lại, hãy ghi danh lại; "
        "nếu không, có thể bị nghe lén",
        "en": "Certificate: not trusted ({error}). If the hub was set up anew, enrol again; "
        "if not, someone may be listening between",
    },
    "token_certificate_good": {
        "vi": "Chứng chỉ: khớp với mã ghi danh, gốc {fingerprint}",
        "en": "Certificate: matches the token, authority {fingerprint}",
    },
    "token_certificate_bad": {
        "vi": "Chứng chỉ: không khớp với mã ghi danh ({error})",
        "en": "Certificate: does not match the token ({error})",
    },
    "authority_bad": {
        "vi": "Chứng chỉ gốc {path}: không đọc được ({error}). Cần tệp PEM",
        "en": "Authority {path}: cannot be read ({error}). A PEM file is needed",
    },
    "tls_bad": {
        "vi": "TLS: không bắt tay được ({error}). Địa chỉ này có phải https không?",
        "en": "TLS: no handshake ({error}). Is this an https address?",
    },
    "http_good": {"vi": "Máy chủ {hub}: trả lời", "en": "Hub {hub}: answers"},
    "http_bad": {
        "vi": "Máy chủ: trả lời {status} ở /healthz. Đây có đúng là máy chủ Thông Suốt không?",
        "en": "Hub: answers {status} at /healthz. Is this a Thông Suốt hub?",
    },
    "http_unreachable": {
        "vi": "Máy chủ: không trả lời HTTP ({error}). Kiểm tra máy chủ hoặc proxy ở giữa",
        "en": "Hub: no answer over HTTP ({error}). Look at the hub or at a proxy between",
    },
    "key_good": {"vi": "Khóa của máy này: được chấp nhận", "en": "Key of this node: accepted"},
    "key_bad": {
        "vi": "Khóa của máy này: bị từ chối ({status}). Ghi danh lại bằng mã mới",
        "en": "Key of this node: refused ({status}). Enrol again with a new token",
    },
    "configuration_bad": {
        "vi": "Cấu hình từ máy chủ: không dùng được ({error}). Cập nhật máy chủ hoặc chương trình này",
        "en": "Configuration from the hub: cannot be used ({error}). Update the hub or this program",
    },
    "clock_good": {
        "vi": "Đồng hồ: lệch {seconds} giây so với máy chủ",
        "en": "Clock: {seconds} s off the hub's",
    },
    "clock_behind": {
        "vi": "Đồng hồ: chậm {seconds} giây so với máy chủ. Bật đồng bộ giờ (NTP), xem pin CMOS",
        "en": "Clock: {seconds} s behind the hub's. Switch time synchronisation (NTP) on, look at the CMOS battery",
    },
    "clock_ahead": {
        "vi": "Đồng hồ: nhanh {seconds} giây so với máy chủ. Bật đồng bộ giờ (NTP)",
        "en": "Clock: {seconds} s ahead of the hub's. Switch time synchronisation (NTP) on",
    },
    "clock_unknown": {
        "vi": "Đồng hồ: máy chủ không cho biết giờ",
        "en": "Clock: the hub does not say its time",
    },
    "lines_unknown": {
        "vi": "Đường truyền (UDP): chưa biết đo đường nào vì chưa có cấu hình từ máy chủ",
        "en": "Lines (UDP): which to measure is not known, there is no configuration from the hub yet",
    },
    "lines_none": {
        "vi": "Đường truyền (UDP): máy chủ chưa giao đường nào cho máy này",
        "en": "Lines (UDP): the hub has not assigned a line to this node",
    },
    "line_good": {
        "vi": "Đường {line} (UDP {host}:{port}): {answered}/{sent} gói trả lời, {milliseconds} ms",
        "en": "Line {line} (UDP {host}:{port}): {answered} of {sent} packets answered, {milliseconds} ms",
    },
    "line_bad": {
        "vi": "Đường {line} (UDP {host}:{port}): không gói nào trả lời. Mở UDP cổng này ở tường lửa",
        "en": "Line {line} (UDP {host}:{port}): no packet answered. Open this UDP port in the firewalls",
    },
    "line_error": {
        "vi": "Đường {line} (UDP {host}:{port}): không gửi được ({error})",
        "en": "Line {line} (UDP {host}:{port}): cannot send ({error})",
    },
    "rest_not_tried": {
        "vi": "Các bước sau chưa thử vì chưa tới được máy chủ",
        "en": "The remaining steps were not tried, the hub cannot be reached",
    },
}
