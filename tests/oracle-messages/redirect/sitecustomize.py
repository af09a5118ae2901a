"""Leads every connection of this process to the oracle's server; a host that it does not know cannot be resolved."""

import asyncio
import os
import socket

PORT = int(os.environ["ORACLE_PORT"])
HOSTS = os.environ["ORACLE_HOSTS"].split(",")
resolve = socket.getaddrinfo


def getaddrinfo(host, port, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if name in HOSTS:
        return resolve("127.0.0.1", PORT, *rest, **more)
    if name not in ("127.0.0.1", "localhost", "::1", None):
        raise socket.gaierror(-2, "Name or service not known")
    return resolve(host, port, *rest, **more)


socket.getaddrinfo = getaddrinfo

create_connection = asyncio.BaseEventLoop.create_connection


async def connect(loop, factory, host=None, port=None, **more):
    """anyio takes the address that was resolved, and keeps its own port."""
    return await create_connection(loop, factory, host, PORT if port == 443 else port, **more)


asyncio.BaseEventLoop.create_connection = connect
