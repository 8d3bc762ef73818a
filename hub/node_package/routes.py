"""What the one line of a node fetches from the hub: installer, list of packages, packages, systemd unit."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse, JSONResponse

import agent
from hub.http.rights import public
from hub.node_package.index import PackageIndex

INSTALLER = Path(__file__).with_name("install.py")
UNIT = Path(agent.__file__).with_name("thongsuot-agent.service")


def router(index: PackageIndex) -> APIRouter:
    """Public: nothing in it is secret, and a new node has no key yet."""
    routes = APIRouter(include_in_schema=False)

    open_to_all = public("a new node has no key yet, and nothing in it is secret")

    @open_to_all
    async def installer() -> FileResponse:
        return FileResponse(INSTALLER, media_type="text/x-python; charset=utf-8")

    @open_to_all
    async def unit() -> FileResponse:
        return FileResponse(UNIT, media_type="text/plain; charset=utf-8")

    @open_to_all
    async def listing() -> JSONResponse:
        return JSONResponse({"packages": [asdict(package) for package in index.packages]})

    @open_to_all
    async def package(name: str) -> FileResponse:
        path = index.find(name)
        if path is None:
            raise HTTPException(404, f"Không có gói {name!r}. / No package {name!r}.")
        return FileResponse(path, media_type="application/octet-stream")

    routes.add_api_route("/install.py", installer, methods=["GET"])
    routes.add_api_route("/install/agent.service", unit, methods=["GET"])
    routes.add_api_route("/packages/index.json", listing, methods=["GET"])
    routes.add_api_route("/packages/{name}", package, methods=["GET"])
    return routes
