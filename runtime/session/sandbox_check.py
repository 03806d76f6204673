"""Says before a run starts that this machine cannot isolate the Python that a model writes, where the run needs it."""

from surefoot.decompose.problem import Problem
from surefoot.decompose.task import Task
from surefoot.runtime.any_loop import finished
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.named import SANDBOXED


def check_sandbox(config: RunConfig, task: Task) -> None:
    """Refuse a run that needs a sandbox on a machine that offers none; see ``--unsafe-local``.

    Tools that a task of somebody's own makes for itself are not looked at: they refuse their first call.

    Raises:
        ConfigurationError: This machine offers no isolation; the line says what refused it.
    """
    if config.unsafe_local or not needs_sandbox(task):
        return
    from surefoot.runtime.tools.python_cell import UNSAFE  # here: with them comes the sandbox, which few runs need
    from surefoot.runtime.tools.sandbox.isolation import find_isolation
    from surefoot.runtime.tools.sandbox.limits import Isolation

    found = finished(find_isolation())
    if found.isolation is Isolation.NONE:
        raise ConfigurationError(f"this machine cannot isolate Python code ({found.reason}); {UNSAFE}")


def needs_sandbox(task: Task) -> bool:
    """Whether a model writes Python in a run: by its method, or by a tool that the task names."""
    if isinstance(task, Problem):
        from surefoot.decompose.methods.recursive import Recursive  # here: only problems have these methods
        from surefoot.decompose.methods.table import METHODS

        if isinstance(METHODS[task.method](0), Recursive):
            return True
    return any(isinstance(tool, str) and tool in SANDBOXED for tool in task.tools().values())
