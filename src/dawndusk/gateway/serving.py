"""A gateway from its first decision to Ctrl-C."""

import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from dawndusk.gateway import wire
from dawndusk.gateway.accounts import Accounts
from dawndusk.gateway.backends import Answers, Embeddings, package
from dawndusk.live import Live
from dawndusk.scenario import Scenario
from dawndusk.scenario.errors import nearest

GRACE = 1
"""That requests under way are given when the server stops [s]."""


class Options(NamedTuple):
    """Where and how fast to serve."""

    host: str = "127.0.0.1"
    port: int = 8000
    speed: float = 1.0
    city: str | None = None


def serving(
    scenario: Scenario,
    chat: Answers | None,
    embeddings: Embeddings | None,
    options: Options,
    say: Callable[[str], Any] = print,
    accounts: Accounts | None = None,
) -> Accounts:
    """Serve until Ctrl-C.

    Args:
        scenario: whose constellation answers [object]
        chat: what finds the answers, None refuses chat [object]
        embeddings: what embeds, None refuses that [object]
        options: where and how fast [object]
        say: is given lines for a person [object]
        accounts: to go on with, None begins new ones without a journal [object]
    Returns:
        what became of all requests [object]
    Raises:
        ValueError: when the city, the speed or the address cannot be used, or a package is missing
    """
    uvicorn = package("uvicorn", "serve")
    package("starlette", "serve")
    from dawndusk.gateway.app import Gateway

    if chat is None and embeddings is None:
        say("nothing answers: give --gguf FILE, --gguf gemma or --upstream URL; serving 503")
    cities = [city.name for city in scenario.cities]
    city = None if options.city is None else _city(options.city, cities)
    listener = _listener(options.host, options.port)
    try:
        say(f"{scenario.name}: getting the constellation ready")
        live = Live(scenario, options.speed)
        gateway = Gateway(live, chat, embeddings, city, lambda: server.should_exit, accounts)
        server = uvicorn.Server(
            uvicorn.Config(
                gateway.app(),
                log_level="warning",
                access_log=False,
                ws="none",
                lifespan="off",
                timeout_graceful_shutdown=GRACE,
            )
        )
        live.start()
    except BaseException:
        listener.close()
        raise
    place = f"{options.host}:{listener.getsockname()[1]}"
    models = ", ".join(backend.model for backend in (chat, embeddings) if backend) or "no models"
    try:
        _listen(listener, options)  # who is told the address may connect at once
        say(f"{models} in orbit at http://{place}/v1, {options.speed:g} virtual seconds a second")
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        live.stop()
    return gateway.accounts


def _city(name: str, cities: list[str]) -> int:
    try:
        return wire.city(name, cities)
    except wire.RefusedError:
        close = nearest(name, cities)
        raise ValueError(
            f"--city: the scenario has no city {name!r}; allowed: its cities"
            + (f"; did you mean {close!r}?" if close else "")
        ) from None


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens, taken before anything long begins."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(found[0], socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found[4])
    except OSError as error:
        raise _taken(host, port, error) from None
    return listener


def _listen(listener: socket.socket, options: Options) -> None:
    """Take connections, unless another service that was getting ready too has been first."""
    try:
        listener.listen()
    except OSError as error:
        raise _taken(options.host, options.port, error) from None


def _taken(host: str, port: int, error: OSError) -> ValueError:
    said = error.strerror or error
    return ValueError(f"--host {host} --port {port}: {said}; choose another port")
