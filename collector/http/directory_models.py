"""What the directory's API takes and gives, with examples. A test holds them to the nouns' own fields."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

Code = Annotated[str, Field(max_length=64, description="A-Z a-z 0-9 . _ -; it becomes a label and part of addresses")]
Name = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=300)]
UnitKey = Annotated[str, Field(max_length=48, description="CODE@SINCE, or a code alone: who has it now")]
Speed = Annotated[float, Field(ge=0.01, le=1_000_000, description="Mbit/s", allow_inf_nan=False)]

UnitKind = Literal[
    "tinh", "thanh-pho", "huyen", "quan", "thi-xa", "xa", "phuong", "thi-tran", "dac-khu", "khac"
]  # fmt: skip
DeviceKind = Literal[
    "router", "switch", "access-point", "ont", "firewall", "ups", "computer", "camera", "printer", "recorder", "other"
]
TelephoneKind = Literal["mobile", "office", "home", "fax"]
Visibility = Literal["everyone", "staff", "administrators"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Past(_Strict):
    """The site belonged to that unit until that day (which was the first of the next one)."""

    unit: UnitKey
    until: date


class UnitFields(_Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "09079", "valid_from": "2025-07-01", "name": "Vĩnh An", "kind": "xa",
                    "parent": "25@2025-07-01", "valid_to": None, "successor": None,
                }
            ]
        }
    )  # fmt: skip

    code: Annotated[str, Field(max_length=32)]
    valid_from: date
    name: Name
    kind: UnitKind
    parent: UnitKey | None = None
    valid_to: Annotated[date | None, Field(description="the first day on which it is no more")] = None
    successor: UnitKey | None = None


class SiteFields(_Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "xa-kim-xa", "name": "UBND xã Kim Xá", "unit": "09079@2025-07-01",
                    "place": "tủ mạng tầng 2", "address": "Thôn Hoàng Thượng, xã Kim Xá",
                    "latitude": 21.33, "longitude": 105.46, "hours": "", "technician": "nguyen-van-an",
                    "valid_to": None, "past": [{"unit": "09079@2019-09-01", "until": "2025-07-01"}],
                }
            ]
        }
    )  # fmt: skip

    code: Code
    name: Name
    unit: UnitKey | None = None
    place: Annotated[str, Field(max_length=200, description="where in the building the equipment stands")] = ""
    address: Text = ""
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    hours: Annotated[str, Field(max_length=64, description="profile of office hours; empty: the usual one")] = ""
    technician: Annotated[Code | None, Field(description="code of a person")] = None
    valid_to: date | None = None
    past: list[Past] | None = None


class LineFields(_Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "xa-kim-xa-1", "site": "xa-kim-xa", "name": "Đường truyền 1", "provider": "VNPT",
                    "network": "internet", "contract_download_mbits": 150.0, "contract_upload_mbits": 150.0,
                    "contract_number": "VPC-HĐ-0123/2024", "hotline": "18001166", "valid_to": None,
                }
            ]
        }
    )  # fmt: skip

    code: Code
    site: Code
    name: Name
    provider: Annotated[str, Field(max_length=64)] = ""
    network: Literal["internet", "government"] = "internet"
    contract_download_mbits: Speed | None = None
    contract_upload_mbits: Speed | None = None
    contract_number: Annotated[str, Field(max_length=100)] = ""
    hotline: Annotated[str, Field(max_length=40)] = ""
    valid_to: date | None = None


class DeviceFields(_Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "kim-xa-rt1", "site": "xa-kim-xa", "name": "Router Vigor 2926", "kind": "router",
                    "address": "192.168.1.1", "mac": "00:1d:aa:01:02:03", "serial": "21010123456",
                    "firmware": "3.9.7", "end_of_support": "2026-12-31", "owner": "UBND xã", "place": "tủ mạng",
                    "valid_to": None,
                }
            ]
        }
    )  # fmt: skip

    code: Annotated[Code, Field(description="made of the name when empty")] = ""
    site: Code
    name: Name
    kind: DeviceKind = "other"
    address: Annotated[str, Field(max_length=255, description="IP address or host name")] = ""
    mac: Annotated[str, Field(max_length=23)] = ""
    serial: Annotated[str, Field(max_length=100)] = ""
    firmware: Annotated[str, Field(max_length=100)] = ""
    end_of_support: date | None = None
    owner: Name = ""
    place: Name = ""
    valid_to: date | None = None


class PersonFields(_Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "nguyen-van-an", "name": "Nguyễn Văn An", "title": "Công chức văn hóa – CNTT",
                    "site": "xa-kim-xa", "unit": "09079@2025-07-01", "valid_to": None,
                }
            ]
        }
    )  # fmt: skip

    code: Annotated[Code, Field(description="made of the name when empty")] = ""
    name: Name
    title: Name = ""
    site: Code | None = None
    unit: UnitKey | None = None
    valid_to: date | None = None


class TelephoneFields(_Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "t-20faf05bac", "number": "0912 345 678", "kind": "mobile", "visibility": "staff",
                    "person": "nguyen-van-an", "site": None,
                }
            ]
        }
    )  # fmt: skip

    code: Annotated[Code, Field(description="made of the number when empty, without telling it")] = ""
    number: Annotated[str, Field(max_length=40)]
    kind: TelephoneKind = "mobile"
    visibility: Annotated[
        Visibility, Field(description="who needs to know it: all, those who call sites, administrators only")
    ] = "staff"
    person: Code | None = None
    site: Code | None = None


FIELDS: dict[str, type[BaseModel]] = {
    "units": UnitFields,
    "sites": SiteFields,
    "people": PersonFields,
    "lines": LineFields,
    "devices": DeviceFields,
    "telephones": TelephoneFields,
}


def changes_model(fields: type[BaseModel], without: tuple[str, ...]) -> type[BaseModel]:
    """What a PATCH takes: any of the fields, except those that the object is known by; null empties one."""
    optional: dict[str, Any] = {
        name: (one.rebuild_annotation() | None, None)
        for name, one in fields.model_fields.items()
        if name not in without
    }
    given = fields.model_config["json_schema_extra"]
    assert isinstance(given, dict)
    examples: Any = given["examples"]
    example = {name: value for name, value in examples[0].items() if name == "name" or name == "number"}
    return create_model(
        fields.__name__.replace("Fields", "Changes"),
        __config__=ConfigDict(extra="forbid", json_schema_extra={"examples": [example]}),
        **optional,
    )


def shown_model(fields: type[BaseModel]) -> type[BaseModel]:
    """What is given back: the fields, the key, and the names of what is referred to."""
    given = fields.model_config["json_schema_extra"]
    assert isinstance(given, dict)
    examples: Any = given["examples"]
    key = examples[0]["code"] + (f"@{examples[0]['valid_from']}" if "valid_from" in examples[0] else "")
    extra: dict[str, Any] = {
        "key": (str, Field(description="what it is called in addresses, references and history")),
        "names": (dict[str, str], Field(description="by field: the name of what it refers to")),
    }
    if fields is LineFields:
        extra["measured_by"] = (str | None, Field(description="the node that measures the line"))
    plain: dict[str, Any] = {
        # What was stored before a rule became stricter is still shown.
        name: (_loose(one.rebuild_annotation()), ...)
        for name, one in fields.model_fields.items()
    }
    example = {**examples[0], "key": key, "names": {}} | ({"measured_by": None} if "measured_by" in extra else {})
    return create_model(
        fields.__name__.replace("Fields", ""),
        __config__=ConfigDict(json_schema_extra={"examples": [example]}),
        **plain,
        **extra,
    )


def _loose(annotation: Any) -> Any:
    return str if getattr(annotation, "__origin__", None) is Literal else annotation
