"""Running Callboard: the supervisor of `serve`, the web server's configuration, the solver process and its client."""

from webapp.serving.solver_client import SolverBusy, SolverClient, SolverRefused, SolverUnavailable

__all__ = ["SolverBusy", "SolverClient", "SolverRefused", "SolverUnavailable"]
