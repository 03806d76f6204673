"""A model served by Ray, for workers that talk to it over OpenAI's protocol."""

from typing import Any

from surefoot.runtime.config import RunConfig
from surefoot.runtime.worker.ray_cluster import start_ray


def serve_model(config: RunConfig, name: str, port: int, replicas: int) -> str:
    """Deploy a model on Ray Serve, on the cluster of ``config.address``; the base address of its OpenAI protocol.

    Each of ``replicas`` processes holds the model; ``port`` is that of every node.
    """
    from ray import serve

    from surefoot.runtime.models.factory import open_model
    from surefoot.runtime.models.openai_protocol import Endpoint

    class Surefoot:
        def __init__(self) -> None:
            self.endpoint = Endpoint(open_model(config), name)

        async def __call__(self, http: Any) -> Any:
            from starlette.responses import JSONResponse

            if http.url.path.endswith("/chat/completions"):
                status, reply = await self.endpoint.chat(await http.body())
                return JSONResponse(reply, status_code=status)
            return JSONResponse(self.endpoint.models())

    start_ray(config, None)
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    options = {"name": name, "num_replicas": replicas, "max_ongoing_requests": 256}
    application = serve.deployment(Surefoot, **options).bind()
    serve.run(application, name=f"surefoot {name}", route_prefix="/v1", blocking=False)
    return f"http://127.0.0.1:{port}/v1"
