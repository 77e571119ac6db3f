"""``canzona studio``."""

import signal
import socket
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.messages import note

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8421
MOST_PROCESSES = 64


def studio(
    port: Annotated[int, typer.Option(help="Where the page is served; 0 takes any free port.")] = DEFAULT_PORT,
    library: Annotated[
        Path | None, typer.Option(help="Folder that keeps the songs. Default: one in the user's folder for data.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's need the token told.")] = LOOPBACK,
    data: Annotated[
        Path | None, typer.Option(help="Data set made by canzona prepare: songs are held against its training songs.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(help="Takes that are composed at once, 1 to 64. Default: one a processor.")
    ] = None,
    weights: options.Weights = None,
) -> None:
    """Open the page on which songs are composed, heard, changed and kept; Ctrl-C ends it."""
    if not 0 <= port < 2**16:
        raise ValueError(f"port: must be 0 to {2**16 - 1}, got {port}")
    if processes is not None and not 1 <= processes <= MOST_PROCESSES:
        raise ValueError(f"processes: must be 1 to {MOST_PROCESSES}, got {processes}")
    if data is not None and not data.is_file():
        raise ValueError(f"data: must be a file made by canzona prepare, got {str(data)!r}")
    if weights is not None and not weights.is_dir():
        raise ValueError(f"weights: must be a folder, got {str(weights)!r}")

    from canzona.faults import missing

    try:
        import platformdirs
        import uvicorn

        from canzona.studio.app import create_app
    except ImportError:
        raise missing("the studio", "fastapi", "uvicorn", "platformdirs") from None

    from canzona.processes import processors_here
    from canzona.studio.security import Guard, is_loopback, new_token
    from canzona.studio.service import Settings, Studio

    folder = library or platformdirs.user_data_path("canzona", appauthor=False) / "studio"
    with _listening(host, port) as listener:
        serving = Studio(Settings(folder, weights, data, processes or processors_here()))
        try:
            token = None if is_loopback(host) else new_token()
            config = uvicorn.Config(
                Guard(create_app(serving), host, token),
                log_level="warning",
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=3,
            )
            server = uvicorn.Server(config)
            serving.events.is_ending = lambda: server.should_exit
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            address = _address(host, listener.getsockname()[1], token)
            note(f"studio: {address} keeps its songs in {folder}; Ctrl-C ends it")
            serving.warm_up()
            if browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
            server.run([listener])
        except KeyboardInterrupt:
            pass  # the way in which it is to end
        finally:
            serving.close()
    note("studio: ended; what was being composed can be started again")


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens, taken before anything else is begun."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ValueError(f"port: cannot listen on {host}, port {port}: {(error.strerror or str(error)).lower()}") from None


def _address(host: str, port: int, token: str | None) -> str:
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
