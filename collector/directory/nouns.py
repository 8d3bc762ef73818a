"""The nouns of the directory and their fields: what is stored, typed, searched, imported and exported.

A *state* is one object as JSON: field → value, references as the keys of what they refer to. Everything else here
works on states, so a new field is one line below, one column, and one migration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from collector.directory import kinds
from collector.directory.folding import search_text
from collector.directory.kinds import Kind, Value
from collector.tables import Base, Device, Line, Person, Site, Telephone, Unit

State: TypeAlias = dict[str, Any]

UNIT_KINDS = {
    "tinh": ("tỉnh", "province"),
    "thanh-pho": ("thành phố", "city"),
    "huyen": ("huyện", "rural district"),
    "quan": ("quận", "urban district"),
    "thi-xa": ("thị xã", "town"),
    "xa": ("xã", "commune"),
    "phuong": ("phường", "ward"),
    "thi-tran": ("thị trấn", "township", "tt"),
    "dac-khu": ("đặc khu", "special zone"),
    "khac": ("khác", "other"),
}
NETWORKS = {"internet": ("Internet", "internet"), "government": ("mạng TSLCD", "government network", "TSLCD")}
DEVICE_KINDS = {
    "router": ("bộ định tuyến", "router"),
    "switch": ("bộ chuyển mạch", "switch"),
    "access-point": ("điểm phát Wi-Fi", "access point"),
    "ont": ("thiết bị quang (ONT)", "optical terminal"),
    "firewall": ("tường lửa", "firewall"),
    "ups": ("bộ lưu điện", "battery (UPS)"),
    "computer": ("máy tính", "computer"),
    "camera": ("camera", "camera"),
    "printer": ("máy in", "printer"),
    "recorder": ("đầu ghi", "recorder"),
    "other": ("khác", "other"),
}
TELEPHONE_KINDS = {
    "mobile": ("di động", "mobile"),
    "office": ("cơ quan", "office"),
    "home": ("nhà riêng", "home"),
    "fax": ("fax", "fax"),
}
VISIBILITIES = {
    "everyone": ("mọi người", "everyone"),
    "staff": ("người trực", "those who call sites"),
    "administrators": ("quản trị", "administrators"),
}

SPEED = kinds.number(0.01, 1_000_000)
"""Mbit/s."""

Search = Literal["words", "number", ""]


@dataclass(frozen=True, slots=True)
class Field:
    """`fixed`: part of what the object is known by. `refers`: the noun whose key it holds."""

    name: str
    vi: str
    en: str
    kind: Kind
    required: bool = False
    fixed: bool = False
    refers: str = ""
    column: str = ""
    search: Search = ""
    empty: Value = ""
    """What it holds when nothing is given."""

    @property
    def attribute(self) -> str:
        return self.column or self.name


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    vi: str
    en: str
    table: type[Base]
    fields: tuple[Field, ...]

    def key(self, state: Mapping[str, Value]) -> str:
        """What it is called in addresses, references and history."""
        code = str(state["code"])
        return f"{code}@{state['valid_from']}" if self.name == "units" else code

    @property
    def derives_codes(self) -> bool:
        """Whether a code that nobody gave is made of the name or the number."""
        return self.name in ("people", "devices", "telephones")

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def search_text(self, state: Mapping[str, Any]) -> str:
        words: list[str] = []
        numbers: list[str] = []
        for field in self.fields:
            value = state[field.name]
            if field.search and value:
                if field.kind.choices is not None:
                    value = field.kind.choices.get(value, ("",))[0]
                (numbers if field.search == "number" else words).append(value)
        return search_text(*words, numbers=tuple(numbers))


def _until() -> Field:
    return Field("valid_to", "Đến ngày", "Valid to", kinds.DATE, empty=None)


def _code(most: int = 64) -> Field:
    return Field("code", "Mã", "Code", kinds.short_code(most), required=True, fixed=True, search="words")


def _name(vi: str = "Tên", en: str = "Name") -> Field:
    return Field("name", vi, en, kinds.text(200), required=True, search="words")


def _reference(name: str, vi: str, en: str, refers: str, column: str, *, required: bool = False) -> Field:
    return Field(name, vi, en, kinds.REFERENCE, required=required, refers=refers, column=column, empty=None)


UNITS = Noun(
    "units", "đơn vị", "unit", Unit,
    (
        _code(32),
        Field("valid_from", "Từ ngày", "Valid from", kinds.DATE, required=True, fixed=True),
        _name(),
        Field("kind", "Loại", "Kind", kinds.choice(UNIT_KINDS), required=True, search="words"),
        _reference("parent", "Cấp trên", "Parent", "units", "parent_id"),
        _until(),
        _reference("successor", "Nhập vào", "Successor", "units", "successor_id"),
    ),
)  # fmt: skip
SITES = Noun(
    "sites", "địa điểm", "site", Site,
    (
        _code(),
        _name(),
        _reference("unit", "Đơn vị", "Unit", "units", "unit_id"),
        Field("place", "Vị trí", "Place", kinds.text(200), search="words"),
        Field("address", "Địa chỉ", "Address", kinds.text(300), search="words"),
        Field("latitude", "Vĩ độ", "Latitude", kinds.number(-90, 90), empty=None),
        Field("longitude", "Kinh độ", "Longitude", kinds.number(-180, 180), empty=None),
        Field("hours", "Giờ làm việc", "Office hours", kinds.CODE),
        _reference("technician", "Kỹ thuật viên", "Technician", "people", "technician_id"),
        _until(),
        Field("past", "Đơn vị cũ", "Past units", kinds.PASTS, empty=None),
    ),
)  # fmt: skip
LINES = Noun(
    "lines", "đường truyền", "line", Line,
    (
        _code(),
        _reference("site", "Địa điểm", "Site", "sites", "site_id", required=True),
        _name(),
        Field("provider", "Nhà mạng", "Provider", kinds.text(64), search="words"),
        Field("network", "Mạng", "Network", kinds.choice(NETWORKS), empty="internet"),
        Field("contract_download_mbits", "Tải xuống Mbit/s", "Download Mbit/s", SPEED, empty=None),
        Field("contract_upload_mbits", "Tải lên Mbit/s", "Upload Mbit/s", SPEED, empty=None),
        Field("contract_number", "Số hợp đồng", "Contract number", kinds.SERIAL, search="number"),
        Field("hotline", "Tổng đài", "Hotline", kinds.TELEPHONE, search="number"),
        _until(),
    ),
)  # fmt: skip
DEVICES = Noun(
    "devices", "thiết bị", "device", Device,
    (
        _code(),
        _reference("site", "Địa điểm", "Site", "sites", "site_id", required=True),
        _name(),
        Field("kind", "Loại", "Kind", kinds.choice(DEVICE_KINDS), empty="other"),
        Field("address", "Địa chỉ mạng", "Address", kinds.ADDRESS, search="words"),
        Field("mac", "MAC", "MAC address", kinds.MAC, search="number"),
        Field("serial", "Số sê-ri", "Serial", kinds.SERIAL, search="number"),
        Field("firmware", "Phiên bản phần mềm", "Firmware", kinds.text(100)),
        Field("end_of_support", "Hết hỗ trợ", "End of support", kinds.DATE, empty=None),
        Field("owner", "Chủ quản", "Owner", kinds.text(200), search="words"),
        Field("place", "Vị trí", "Place", kinds.text(200), search="words"),
        _until(),
    ),
)  # fmt: skip
PEOPLE = Noun(
    "people", "người", "person", Person,
    (
        _code(),
        _name("Họ tên", "Name"),
        Field("title", "Chức vụ", "Title", kinds.text(200), search="words"),
        _reference("site", "Địa điểm", "Site", "sites", "site_id"),
        _reference("unit", "Đơn vị", "Unit", "units", "unit_id"),
        _until(),
    ),
)  # fmt: skip
TELEPHONES = Noun(
    "telephones", "điện thoại", "telephone", Telephone,
    (
        _code(),
        Field("number", "Số", "Number", kinds.TELEPHONE, required=True, search="number"),
        Field("kind", "Loại", "Kind", kinds.choice(TELEPHONE_KINDS), empty="mobile"),
        Field("visibility", "Ai được xem", "Visibility", kinds.choice(VISIBILITIES), empty="staff"),
        _reference("person", "Người", "Person", "people", "person_id"),
        _reference("site", "Địa điểm", "Site", "sites", "site_id"),
    ),
)  # fmt: skip

# In the order in which they can be written: what is referred to comes first.
NOUNS: dict[str, Noun] = {
    "units": UNITS,
    "sites": SITES,
    "people": PEOPLE,
    "lines": LINES,
    "devices": DEVICES,
    "telephones": TELEPHONES,
}
